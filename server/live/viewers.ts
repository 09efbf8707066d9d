// The open pages. A message is turned into text once and given to all of them; one that does not keep up misses messages
// and, if that lasts, is closed.
import type { WebSocket } from 'ws';
import type { LiveMessage } from '../api.ts';

export type ViewerOptions = {
  viewers_max: number;
  /** Bytes that may wait for one viewer. */
  buffered_bytes_max: number;
  /** How long a viewer may stay above that. */
  slow_ms_max: number;
  /** Between two pings. A viewer that has not answered the last one is gone. */
  ping_ms: number;
};
export type ViewerEvents = { sent: (count: number) => void; skipped: (count: number) => void; closedSlow: () => void };
type Viewer = { slow_since_ms: number | undefined; answered: boolean };

export class Viewers {
  readonly #options: ViewerOptions;
  readonly #events: ViewerEvents;
  readonly #viewers = new Map<WebSocket, Viewer>();
  #pinging: NodeJS.Timeout | undefined;

  constructor(options: ViewerOptions, events: ViewerEvents) {
    this.#options = options;
    this.#events = events;
  }

  get size(): number {
    return this.#viewers.size;
  }

  get full(): boolean {
    return this.#viewers.size >= this.#options.viewers_max;
  }

  add(socket: WebSocket, greetings: readonly LiveMessage[]): void {
    const viewer: Viewer = { slow_since_ms: undefined, answered: true };
    this.#viewers.set(socket, viewer);
    socket.on('pong', () => {
      viewer.answered = true;
    });
    socket.on('close', () => this.#viewers.delete(socket));
    this.#pinging ??= setInterval(() => this.#ping(), this.#options.ping_ms).unref();
    for (const message of greetings) socket.send(JSON.stringify(message));
  }

  broadcast(message: LiveMessage): void {
    if (this.#viewers.size === 0) return;
    const text = JSON.stringify(message);
    const now_ms = Date.now();
    let sent = 0;
    for (const [socket, viewer] of this.#viewers) {
      if (!this.#keepsUp(socket, viewer, now_ms)) continue;
      socket.send(text);
      sent++;
    }
    this.#events.sent(sent);
  }

  close(): void {
    clearInterval(this.#pinging);
    // 1001: going away.
    for (const socket of this.#viewers.keys()) socket.close(1001, 'the collector is stopping');
  }

  #keepsUp(socket: WebSocket, viewer: Viewer, now_ms: number): boolean {
    if (socket.bufferedAmount <= this.#options.buffered_bytes_max) {
      viewer.slow_since_ms = undefined;
      return true;
    }
    this.#events.skipped(1);
    viewer.slow_since_ms ??= now_ms;
    if (now_ms - viewer.slow_since_ms > this.#options.slow_ms_max) {
      // A closing handshake would wait behind what it does not read.
      socket.terminate();
      this.#viewers.delete(socket);
      this.#events.closedSlow();
    }
    return false;
  }

  #ping(): void {
    for (const [socket, viewer] of this.#viewers) {
      if (!viewer.answered) socket.terminate();
      viewer.answered = false;
      socket.ping();
    }
  }
}
