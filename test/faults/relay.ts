// The network between two processes: passes HTTP requests on, whole, and does to the n-th of them what a schedule says.
import { once } from 'node:events';
import http, { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from './progress.ts';
import type { Mishap } from './schedule.ts';
import { answerForeign } from './strangers.ts';

export type Request = { method: string; path: string; headers: OutgoingHttpHeaders; body: Buffer };
type Answer = { status: number; headers: OutgoingHttpHeaders; body: Buffer };

const ATTEMPT_MS = 20_000;
/** Nothing is held back for longer, even if nothing comes to overtake it. */
const HELD_MS = 1500;

export type RelayOptions = {
  /** where a request may go; each goes to the next that is not cut off */
  targets: () => readonly string[];
  /** of the requests that are counted, by their number from 1 */
  mishaps: Readonly<Record<number, Mishap>>;
  counts: (request: Request) => boolean;
  /** hears of every counted request */
  progress: Progress;
  /** keeps counted requests for `repeat` */
  keep: boolean;
};

export class Relay {
  readonly #options: RelayOptions;
  readonly #server = http.createServer((request, response) => void this.#take(request, response).catch(() => response.destroy()));
  readonly #cut = new Set<string>();
  readonly #sockets = new http.Agent({ keepAlive: true });
  readonly #later = new Map<number, Request[]>();
  readonly #kept: Request[] = [];
  #turn = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nothing reaches the target, and nothing that is under way comes back, until it is joined again. */
  cutOff(target: string): void {
    this.#cut.add(target);
    this.#server.closeAllConnections();
  }

  join(target: string): void {
    this.#cut.delete(target);
  }

  get kept(): readonly Request[] {
    return this.#kept;
  }

  /** Sends a request again to whichever target is next, and ignores the answer. */
  async again(request: Request): Promise<void> {
    try {
      await this.#pass(request, this.#target());
    } catch {
      // No target takes it.
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#sockets.destroy();
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray());
    const { host: _, connection: __, 'transfer-encoding': ___, ...headers } = incoming.headers;
    const request = { method: incoming.method ?? 'GET', path: incoming.url ?? '/', headers, body };
    const { counts, progress, mishaps, keep } = this.#options;
    if (!counts(request)) return this.#answer(response, await this.#pass(request, this.#target()));
    const number = progress.step();
    if (keep) this.#kept.push(request);
    for (const due of this.#later.get(number) ?? []) void this.again(due);
    await this.#suffer(request, number, mishaps[number], response);
  }

  async #suffer(request: Request, number: number, mishap: Mishap | undefined, response: ServerResponse): Promise<void> {
    const target = this.#target();
    const on = () => this.#pass(request, target);
    switch (mishap?.what) {
      case 'refused':
        return void response.destroy();
      case 'busy':
        return void response.writeHead(503, { 'retry-after': '1', 'content-type': 'application/json' }).end('{"code":"busy"}');
      case 'bad_gateway':
        return void response.writeHead(502).end();
      case 'cut_request':
        await this.#half(request, target);
        return void response.destroy();
      case 'cut_response':
        await on();
        return void response.destroy();
      case 'half_response':
        return this.#halfAnswer(response, await on());
      case 'foreign':
        if (mishap.passes_on) await on();
        return answerForeign(response, mishap);
      case 'unanswered':
        await sleep(mishap.ms);
        return void response.destroy();
      case 'delayed':
        await sleep(mishap.ms);
        break;
      case 'slow':
        return this.#answer(response, await this.#pass(request, target, mishap.ms));
      case 'twice':
        void on().catch(() => undefined);
        break;
      case 'overtaken':
        await Promise.race([this.#options.progress.reached(number + mishap.by), sleep(HELD_MS)]);
        break;
      case 'again':
        this.#later.set(number + mishap.after, [...(this.#later.get(number + mishap.after) ?? []), request]);
        break;
      case undefined:
        break;
      default:
        mishap satisfies never;
    }
    this.#answer(response, await on());
  }

  #target(): string {
    const open = this.#options.targets().filter((target) => !this.#cut.has(target));
    const target = open[this.#turn++ % Math.max(1, open.length)];
    if (target === undefined) throw new Error('cut off');
    return target;
  }

  #answer(response: ServerResponse, { status, headers, body }: Answer): void {
    response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
  }

  #halfAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
    response.writeHead(status, { ...headers, 'content-length': body.length + 1 });
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
  }

  /** @param over_ms how long the body takes */
  async #pass({ method, path, headers, body }: Request, target: string, over_ms = 0): Promise<Answer> {
    const outgoing = http.request(target + path, {
      method,
      headers: { ...headers, 'content-length': body.length },
      agent: this.#sockets,
      signal: AbortSignal.timeout(ATTEMPT_MS),
    });
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    answered.catch(() => undefined);
    if (over_ms > 0) await trickle(outgoing, body, over_ms);
    outgoing.end(over_ms > 0 ? undefined : body);
    const [answer] = await answered;
    if (this.#cut.has(target)) throw new Error('cut off');
    const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...rest } = answer.headers;
    return { status: answer.statusCode ?? 502, headers: rest, body: Buffer.concat(await answer.toArray()) };
  }

  async #half({ method, path, headers, body }: Request, target: string): Promise<void> {
    const outgoing = http.request(target + path, { method, headers: { ...headers, 'content-length': body.length } });
    outgoing.on('error', () => undefined);
    await new Promise((resolve) => outgoing.write(body.subarray(0, body.length / 2), resolve));
    await sleep(10);
    outgoing.destroy();
  }
}

async function trickle(outgoing: http.ClientRequest, body: Buffer, over_ms: number): Promise<void> {
  const pieces = 8;
  const size = Math.ceil(body.length / pieces);
  for (let piece = 0; piece < pieces; piece++) {
    outgoing.write(body.subarray(piece * size, (piece + 1) * size));
    await sleep(over_ms / pieces);
  }
}
