// The viewers: open pages that follow the live feed. A message is turned into text once and sent to all of them. A viewer that is too slow
// misses messages, and is closed if that lasts. A viewer that does not answer pings is closed, and before that loses its seat to a new one.
import type { WebSocket } from 'ws';
import type { LiveMessage } from '../api.ts';

export type ViewerOptions = {
  viewers_max: number;
  peer_max: number;
  /** Bytes that may wait for one viewer. */
  buffered_bytes_max: number;
  /** For how long more bytes than that may wait before the viewer is closed. */
  slow_ms_max: number;
  /** Time between two pings; the first is sent with the greeting. A viewer that has not answered a ping when the next is due is closed. */
  ping_ms: number;
  /** A viewer that has not answered a ping for so long is closed if a new viewer needs its seat. */
  silent_ms: number;
};
export type ViewerEvents = {
  sent: (count: number) => void;
  skipped: (count: number) => void;
  closedSlow: () => void;
  closedSilent: () => void;
  closedRefused: () => void;
};
/** `mayLook`: whether whoever asked for it still has that right. */
type Viewer = {
  mayLook: () => Promise<boolean>;
  peer: string;
  slow_since_ms: number | undefined;
  /** when it was pinged; undefined: it has answered the last ping */
  asked_ms: number | undefined;
};

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

  /** Whether there is a seat for one more viewer of `peer`. To make one, a silent viewer is closed. */
  admit(peer: string): boolean {
    const { viewers_max, peer_max, silent_ms } = this.#options;
    const of_peer = [...this.#viewers].filter(([, viewer]) => viewer.peer === peer);
    const full = of_peer.length >= peer_max ? of_peer : [...this.#viewers];
    if (this.#viewers.size < viewers_max && of_peer.length < peer_max) return true;
    const now_ms = performance.now();
    const silent = full.find(([, { asked_ms }]) => asked_ms !== undefined && now_ms - asked_ms >= silent_ms);
    if (silent) this.#letGo(silent[0]);
    return silent !== undefined;
  }

  add(socket: WebSocket, { peer, mayLook }: Pick<Viewer, 'peer' | 'mayLook'>, greetings: readonly LiveMessage[]): void {
    // Other viewers may have come since `admit` found a seat for this one.
    if (!this.admit(peer)) {
      // 1013: try again later.
      socket.close(1013, 'too many pages follow the live feed');
      return;
    }
    const viewer: Viewer = { peer, mayLook, slow_since_ms: undefined, asked_ms: undefined };
    this.#viewers.set(socket, viewer);
    socket.on('pong', () => {
      viewer.asked_ms = undefined;
    });
    socket.on('close', () => this.#viewers.delete(socket));
    this.#pinging ??= setInterval(() => this.#pingAll(), this.#options.ping_ms).unref();
    for (const message of greetings) socket.send(JSON.stringify(message));
    this.#ping(socket, viewer);
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

  /** Closes viewers whose session, token or user is no longer valid. */
  async recheck(): Promise<void> {
    for (const [socket, { mayLook }] of [...this.#viewers]) {
      if (await mayLook()) continue;
      // 1008: against the rules.
      socket.close(1008, 'log in');
      this.#viewers.delete(socket);
      this.#events.closedRefused();
    }
  }

  close(): void {
    clearInterval(this.#pinging);
    // 1001: going away.
    for (const socket of this.#viewers.keys()) {
      socket.close(1001, 'the collector is stopping');
      // A viewer that does not answer the close is cut off after a while.
      const silent = setTimeout(() => socket.terminate(), this.#options.silent_ms);
      socket.once('close', () => clearTimeout(silent));
    }
  }

  #keepsUp(socket: WebSocket, viewer: Viewer, now_ms: number): boolean {
    if (socket.bufferedAmount <= this.#options.buffered_bytes_max) {
      viewer.slow_since_ms = undefined;
      return true;
    }
    this.#events.skipped(1);
    viewer.slow_since_ms ??= now_ms;
    if (now_ms - viewer.slow_since_ms > this.#options.slow_ms_max) {
      // A closing handshake would queue behind the messages that the viewer does not read.
      socket.terminate();
      this.#viewers.delete(socket);
      this.#events.closedSlow();
    }
    return false;
  }

  /** Pings the viewers that have answered, and closes those that did not answer for the whole time between two pings. */
  #pingAll(): void {
    const now_ms = performance.now();
    // Sessions and tokens that reach their end change no record, so they are looked for here.
    void this.recheck();
    for (const [socket, viewer] of this.#viewers) {
      if (viewer.asked_ms === undefined) this.#ping(socket, viewer);
      else if (now_ms - viewer.asked_ms >= this.#options.ping_ms) this.#letGo(socket);
    }
  }

  #ping(socket: WebSocket, viewer: Viewer): void {
    viewer.asked_ms = performance.now();
    socket.ping();
  }

  #letGo(socket: WebSocket): void {
    socket.terminate();
    this.#viewers.delete(socket);
    this.#events.closedSilent();
  }
}
