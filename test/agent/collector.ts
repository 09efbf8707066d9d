// A collector of a few lines for tests of the agent: a real HTTP server that keeps what it accepts and answers as told.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { zstdDecompressSync } from 'node:zlib';
import type { AgentReport } from '../../agent/agent-report.ts';
import { HEADERS, REPORT_PATH } from '../../agent/batch-envelope.ts';

export type Attempt = { sequence: number; headers: IncomingHttpHeaders; stored: Buffer; rows: Buffer; at_ms: number };
export type Reply = { status: number; headers?: Record<string, string> /** answers only after this */; wait?: Promise<void> };

export type Collector = {
  url: string;
  /** every post of rows, in order of arrival, whatever it was answered */
  attempts: Attempt[];
  /** those answered 200, once a sequence */
  accepted(): Attempt[];
  reports: AgentReport[];
  most_at_once: number;
  close(): void;
};

/** `reply` gets the attempt and how often its sequence came before; without it everything is accepted. */
export async function openCollector(reply: (attempt: Attempt, before: number) => Reply = () => ({ status: 200 })): Promise<Collector> {
  const accepted = new Map<number, Attempt>();
  const collector: Collector = { url: '', attempts: [], reports: [], most_at_once: 0, accepted: () => [...accepted.values()], close };
  let at_once = 0;
  const server = createServer(async (request, response) => {
    at_once++;
    collector.most_at_once = Math.max(collector.most_at_once, at_once);
    response.on('close', () => at_once--);
    const stored = Buffer.concat(await request.toArray());
    if (request.url === REPORT_PATH) {
      collector.reports.push(JSON.parse(stored.toString()) as AgentReport);
      response.writeHead(200).end('{}');
      return;
    }
    const attempt = {
      sequence: Number(request.headers[HEADERS.sequence]),
      headers: request.headers,
      stored,
      rows: zstdDecompressSync(stored),
      at_ms: Date.now(),
    };
    const before = collector.attempts.filter(({ sequence }) => sequence === attempt.sequence).length;
    collector.attempts.push(attempt);
    const { status, headers = {}, wait } = reply(attempt, before);
    await wait;
    if (status === 0) {
      response.destroy();
      return;
    }
    if (status === 200) accepted.set(attempt.sequence, attempt);
    response.writeHead(status, headers).end(status === 200 ? '' : '{"code":"test","message":"told to"}');
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
