// A collector of a few lines for tests of the agent: a real HTTP server that keeps what it accepts and answers as told.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { zstdDecompressSync } from 'node:zlib';
import type { AccountingEntry, AgentReport } from '../../agent/contract/agent-report.ts';
import { HEADERS, LAYOUTS_PATH, REPORT_PATH } from '../../agent/contract/batch-envelope.ts';
import type { Outcome } from '../../agent/contract/outcome.ts';
import { bodyOf } from '../support/body-of.ts';
import { receiptOf } from '../support/receipt.ts';

export type Attempt = {
  name: string;
  sequence: number;
  kind: string;
  headers: IncomingHttpHeaders;
  stored: Buffer;
  rows: Buffer;
  at_ms: number;
};
export type Reply = {
  status: number;
  code?: string;
  headers?: Record<string, string> /** answers only after this */;
  wait?: Promise<void>;
};

export type Collector = {
  url: string;
  /** every post of rows, in order of arrival, whatever it was answered */
  attempts: Attempt[];
  /** those answered 200, once a batch */
  accepted(): Attempt[];
  reports: AgentReport[];
  /** bodies of POST /v1/layouts */
  layouts: { layouts: { schema: string }[] }[];
  most_at_once: number;
  close(): void;
};

/** `reply` gets the attempt and how often that batch came before; without it everything is accepted. */
export async function openCollector(reply: (attempt: Attempt, before: number) => Reply = () => ({ status: 200 })): Promise<Collector> {
  const accepted = new Map<string, Attempt>();
  const collector: Collector = {
    url: '',
    attempts: [],
    reports: [],
    layouts: [],
    most_at_once: 0,
    accepted: () => [...accepted.values()],
    close,
  };
  let at_once = 0;
  const server = createServer(async (request, response) => {
    at_once++;
    collector.most_at_once = Math.max(collector.most_at_once, at_once);
    response.on('close', () => at_once--);
    if (request.method !== 'POST') {
      // It has no control channel, as an earlier version.
      response.writeHead(404).end();
      return;
    }
    const stored = await bodyOf(request);
    if (stored === undefined) return;
    const receipt = receiptOf(request.headers, stored);
    const { digest } = receipt;
    if (request.url === REPORT_PATH) {
      collector.reports.push(JSON.parse(stored.toString()) as AgentReport);
      response.writeHead(200).end(JSON.stringify({ digest }));
      return;
    }
    if (request.url === LAYOUTS_PATH) {
      collector.layouts.push(JSON.parse(stored.toString()));
      response.writeHead(200).end(JSON.stringify({ digest }));
      return;
    }
    const schema = String(request.headers[HEADERS.schema]);
    const [kind = ''] = schema.split('/');
    const sequence = Number(request.headers[HEADERS.sequence]);
    const attempt = {
      name: `${request.headers[HEADERS.hostId]} ${request.headers[HEADERS.epoch]} ${kind} ${sequence}`,
      sequence,
      kind,
      headers: request.headers,
      stored,
      rows: zstdDecompressSync(stored),
      at_ms: Date.now(),
    };
    const before = collector.attempts.filter(({ name }) => name === attempt.name).length;
    collector.attempts.push(attempt);
    const { status, code = 'test', headers = {}, wait } = reply(attempt, before);
    await wait;
    if (status === 0) {
      response.destroy();
      return;
    }
    if (status === 200) accepted.set(attempt.name, attempt);
    response.writeHead(status, headers).end(JSON.stringify(status === 200 ? receipt : { code, message: 'told to', digest }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  collector.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return collector;

  function close(): void {
    server.close();
    server.closeAllConnections();
  }
}

/** What all reports come to, as a collector counts: of each key the largest figure. Of one run, or of all. */
export function accountedOf(reports: readonly AgentReport[], kind: string, of_epoch?: string): Partial<Record<Outcome, number>> {
  const largest = new Map<string, AccountingEntry>();
  for (const entry of reports.flatMap(({ accounting }) => accounting)) {
    const key = `${entry.epoch} ${entry.minute_ms} ${entry.kind} ${entry.outcome}`;
    if ((largest.get(key)?.rows ?? 0) < entry.rows) largest.set(key, entry);
  }
  const sums: Partial<Record<Outcome, number>> = {};
  for (const { epoch, kind: of, outcome, rows } of largest.values()) {
    if (of === kind && (of_epoch ?? epoch) === epoch) sums[outcome] = (sums[outcome] ?? 0) + rows;
  }
  return sums;
}
