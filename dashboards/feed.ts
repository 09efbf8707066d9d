// The live feed: one WebSocket, which reconnects by itself and knows since when it is disconnected.
import type { LiveMessage } from '../server/api.ts';
import { retryDelay } from './retry-delay.ts';

export type FeedState = { phase: 'connecting' | 'connected' | 'disconnected'; since_ms: number };

export type FeedOptions = {
  url: string;
  onMessage: (message: LiveMessage) => void;
  onState: (state: FeedState) => void;
};

export class Feed {
  readonly #options: FeedOptions;
  #socket: WebSocket | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #phase: FeedState['phase'] = 'connecting';

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  start(): void {
    this.#enter('connecting');
    this.#open();
    window.addEventListener('online', this.#retryNow);
  }

  stop(): void {
    window.removeEventListener('online', this.#retryNow);
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #enter(phase: FeedState['phase']): void {
    this.#phase = phase;
    this.#options.onState({ phase, since_ms: Date.now() });
  }

  #open(): void {
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    socket.onmessage = (event) => {
      // Connected only with the first message: a proxy may accept the upgrade while there is no collector behind it.
      if (this.#phase !== 'connected') this.#enter('connected');
      this.#attempt = 0;
      this.#options.onMessage(JSON.parse(String(event.data)) as LiveMessage);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#away();
    };
  }

  #away(): void {
    if (this.#phase !== 'disconnected') this.#enter('disconnected');
    this.#retry = setTimeout(() => this.#open(), retryDelay(this.#attempt++, Math.random()));
  }

  /** Called when the browser is online again: the next attempt is made at once. */
  readonly #retryNow = (): void => {
    if (this.#socket?.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this.#retry);
    this.#open();
  };
}

/** `ws://host/api/v1/live`, on the page's own host. */
export function liveUrl(location: Location): string {
  const path: typeof import('../server/api.ts').API.live = '/api/v1/live';
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`;
}
