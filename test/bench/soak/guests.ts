// Who else is there: pages that follow the live feed, some of which do not read, people and tools that ask, and clients that are slow.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { API } from '../../../server/api.ts';
import type { Complaints } from './complaints.ts';

const READERS = 20;
const DEAF = 5;
/** By then the collector has let go of one that does not read. */
const DEAF_MS = 60_000;
const QUESTION_MS = 500;
const SLOW_MS = 5000;
const AGAIN_MS = 1000;
/** Of a slow client's body, how much comes, and how seldom. */
const TRICKLE = { length: 100_000, piece: 1000, ms: 1000, pieces: 30 };

const QUESTIONS = [
  API.overview,
  `${API.overview}?from=${Date.now() - 86_400_000}`,
  API.edges,
  API.retransmits,
  API.listeners,
  API.resets,
  API.drops,
  API.hosts,
  API.accounting,
  API.health,
  '/metrics',
];

export class Guests {
  readonly #url: string;
  readonly #complaints: Complaints;
  #stopped = false;
  messages = 0;
  answers = 0;

  constructor(url: string, complaints: Complaints) {
    this.#url = url;
    this.#complaints = complaints;
  }

  /** Until `stop`. */
  async run(): Promise<void> {
    const readers = Array.from({ length: READERS }, () => this.#follow(false));
    const deaf = Array.from({ length: DEAF }, () => this.#follow(true));
    await Promise.all([...readers, ...deaf, this.#ask(), this.#trickle()]);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** A page, opened again whenever it is closed. One that does not read is closed by the collector, which is right. */
  async #follow(deaf: boolean): Promise<void> {
    while (!this.#stopped) {
      const socket = new WebSocket(this.#url.replace('http', 'ws') + API.live);
      const closed = Promise.withResolvers<number>();
      socket.on('message', () => this.messages++);
      socket.on('open', () => deaf && socket.pause());
      socket.on('error', () => undefined);
      socket.on('close', (code) => closed.resolve(code));
      // One that is paused does not notice that it was closed.
      const left = async () => {
        const isOver = (waited_ms: number) => this.#stopped || socket.readyState === WebSocket.CLOSED || (deaf && waited_ms > DEAF_MS);
        for (let waited_ms = 0; !isOver(waited_ms); waited_ms += AGAIN_MS) await sleep(AGAIN_MS);
        return 0;
      };
      const code = await Promise.race([closed.promise, left()]);
      socket.terminate();
      if (!deaf && !this.#stopped) this.#complaints.add(`a page that reads was closed with ${code}`);
      await sleep(AGAIN_MS);
    }
  }

  async #ask(): Promise<void> {
    for (let number = 0; !this.#stopped; number++) {
      const path = QUESTIONS[number % QUESTIONS.length] ?? '';
      try {
        const response = await fetch(this.#url + path, { signal: AbortSignal.timeout(60_000) });
        const text = await response.text();
        if (response.ok) this.answers++;
        else this.#complaints.add(`${path} was answered ${response.status} ${text.slice(0, 200)}`);
      } catch (error) {
        this.#complaints.add(`${path}: ${error instanceof Error ? error.message : error}`);
      }
      await sleep(QUESTION_MS);
    }
  }

  /** Clients on a bad path: what they send comes late, or never. */
  async #trickle(): Promise<void> {
    const { hostname, port, host } = new URL(this.#url);
    while (!this.#stopped) {
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      socket.resume();
      socket.write(`POST /v1/rows HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${TRICKLE.length}\r\n\r\n`);
      let pieces = 0;
      const timer = setInterval(() => {
        if (socket.destroyed || pieces++ > TRICKLE.pieces) {
          clearInterval(timer);
          socket.destroy();
        } else socket.write(Buffer.alloc(TRICKLE.piece));
      }, TRICKLE.ms).unref();
      await sleep(SLOW_MS);
    }
  }
}
