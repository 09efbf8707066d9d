// The last messages of the live feed, for all parts of the page.
import type { Edges, LiveMessage, Overview, Retransmit } from '../server/api.ts';
import { Feed, type FeedState, liveUrl } from './feed.ts';

type Tick = { overview: Overview; edges: Edges };

class Live {
  feed = $state.raw<FeedState>({ phase: 'connecting', since_ms: Date.now() });
  tick = $state.raw<Tick | null>(null);
  /** why the store is behind; '' if it is not */
  trouble = $state('');
  /** when the user paused the page; 0: not paused */
  paused_since_ms = $state(0);
  /** this browser's clock, updated once a second */
  now_ms = $state(Date.now());
  /** The collector's clock minus this browser's, ms. */
  #clock_offset_ms = 0;
  #onRetransmits: (rows: Retransmit[], skipped: number) => void = () => undefined;

  start(): void {
    setInterval(() => {
      this.now_ms = Date.now();
    }, 1000);
  }

  /** Starts to follow the feed. @returns stops it */
  follow(): () => void {
    const feed = new Feed({
      url: liveUrl(location),
      onMessage: (message) => this.#take(message),
      onState: (state) => {
        this.feed = state;
      },
    });
    feed.start();
    return () => feed.stop();
  }

  /** The collector's clock now, ms since the epoch. */
  serverNow(): number {
    return Date.now() + this.#clock_offset_ms;
  }

  togglePause(): void {
    this.paused_since_ms = this.paused_since_ms === 0 ? Date.now() : 0;
  }

  /** Sets the only listener for rows, which is the page's table. @returns removes it */
  listen(onRetransmits: (rows: Retransmit[], skipped: number) => void): () => void {
    this.#onRetransmits = onRetransmits;
    return () => {
      if (this.#onRetransmits === onRetransmits) this.#onRetransmits = () => undefined;
    };
  }

  #take(message: LiveMessage): void {
    switch (message.type) {
      case 'hello':
        this.#clock_offset_ms = message.server_ms - Date.now();
        return;
      case 'tick':
        this.#clock_offset_ms = message.server_ms - Date.now();
        if (this.paused_since_ms === 0) this.tick = { overview: message.overview, edges: message.edges };
        return;
      case 'retransmits':
        this.#onRetransmits(message.rows, message.skipped);
        return;
      case 'trouble':
        this.trouble = message.reason;
        return;
      default:
        message satisfies never; // A newer collector may say more; an older page has no use for it.
    }
  }
}

export const live = new Live();
