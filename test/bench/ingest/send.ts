// Requests as an agent sends them: over connections that stay open, again after 429 and 503, and how long each took.
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROWS_PATH } from '../../../agent/contract/batch-envelope.ts';
import type { Batch } from '../recorded-rows.ts';

/** `ack_ms`: of every attempt that was acknowledged. `settled_ms`: of every batch, refused attempts and waits included. */
export type Sent = { rows: number; ack_ms: number[]; settled_ms: number[]; statuses: Map<number, number> };

export const newSent = (): Sent => ({ rows: 0, ack_ms: [], settled_ms: [], statuses: new Map() });

type Answered = { status: number; retry_after_s: number; text: string };

export class Sender {
  readonly #url: string;
  readonly #client: typeof http | typeof https;
  readonly #agent: http.Agent;
  readonly #sockets = new WeakSet<object>();
  /** connections that were opened so far */
  opened = 0;

  constructor(url: string, sockets: number) {
    this.#url = url;
    // Node keeps 256 idle ones by default: the other agents would connect anew with each batch, as no agent does.
    const kept = { keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets };
    this.#client = url.startsWith('https:') ? https : http;
    this.#agent = url.startsWith('https:') ? new https.Agent({ ...kept, rejectUnauthorized: false }) : new http.Agent(kept);
  }

  /** Resolves when the batch is acknowledged. Throws at an answer that an agent would not repeat. */
  async rows({ headers, body, rows }: Batch, into: Sent): Promise<void> {
    const began = performance.now();
    for (;;) {
      const attempt = performance.now();
      const { status, retry_after_s, text } = await this.post(ROWS_PATH, headers, body);
      into.statuses.set(status, (into.statuses.get(status) ?? 0) + 1);
      const now = performance.now();
      if (status === 200) {
        into.rows += rows;
        into.ack_ms.push(now - attempt);
        into.settled_ms.push(now - began);
        return;
      }
      if (status !== 429 && status < 500) throw new Error(`a batch was refused with ${status}: ${text}`);
      await sleep(retry_after_s * 1000 * (0.5 + Math.random()));
    }
  }

  post(path: string, headers: Record<string, string>, body: Buffer): Promise<Answered> {
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    const answered = (response: IncomingMessage) => {
      const retry_after_s = Number(response.headers['retry-after'] ?? 1);
      const text: Buffer[] = [];
      response.on('data', (bytes: Buffer) => text.push(bytes));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, retry_after_s, text: Buffer.concat(text).toString() }));
    };
    const options = { method: 'POST', agent: this.#agent, headers: { ...headers, 'content-length': body.length } };
    const request = this.#client.request(`${this.#url}${path}`, options, answered).on('error', reject);
    request.once('socket', (socket) => {
      if (!this.#sockets.has(socket)) this.opened++;
      this.#sockets.add(socket);
    });
    request.end(body);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Sends all, `concurrency` at a time. */
export async function sendBatches(sender: Sender, batches: readonly Batch[], concurrency: number, into: Sent): Promise<void> {
  const rest = batches.values();
  const line = async () => {
    for (const batch of rest) await sender.rows(batch, into);
  };
  await Promise.all(Array.from({ length: concurrency }, line));
}
