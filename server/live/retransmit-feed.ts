// Hands acknowledged retransmissions to the viewers: the newest few are decoded, the others only counted.
import { KINDS, type RetransmitRow } from '../../bpf/rows/rows.gen.ts';
import type { LiveMessage, Retransmit } from '../api.ts';

export type RetransmitFeedOptions = { rows_max: number; period_ms: number };
export type RetransmitFeedParts = {
  decode: (row: RetransmitRow) => Retransmit;
  publish: (message: LiveMessage) => void;
};

const { size, read } = KINDS.retransmit;

export class RetransmitFeed {
  readonly #options: RetransmitFeedOptions;
  readonly #parts: RetransmitFeedParts;
  /** The newest rows, at most `rows_max`, as the batches or ends of batches that they came in, oldest first. */
  #pending: Buffer[] = [];
  #skipped = 0;
  #timer: NodeJS.Timeout | undefined;
  #last_ms = 0;

  constructor(options: RetransmitFeedOptions, parts: RetransmitFeedParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** @param rows whole rows of the kind `retransmit`; they are copied */
  take(rows: Buffer): void {
    const newest = rows.subarray(Math.max(0, rows.length - this.#options.rows_max * size));
    this.#skipped += (rows.length - newest.length) / size;
    this.#pending.push(Buffer.from(newest));
    this.#dropOldest();
    this.#timer ??= setTimeout(() => this.#publish(), Math.max(0, this.#last_ms + this.#options.period_ms - Date.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending = [];
  }

  #dropOldest(): void {
    let rows = this.#pending.reduce((sum, { length }) => sum + length / size, 0);
    for (let oldest = this.#pending[0]; oldest && rows > this.#options.rows_max; oldest = this.#pending[0]) {
      const excess = Math.min(rows - this.#options.rows_max, oldest.length / size);
      rows -= excess;
      this.#skipped += excess;
      if (excess * size === oldest.length) this.#pending.shift();
      else this.#pending[0] = oldest.subarray(excess * size);
    }
  }

  #publish(): void {
    const rows = this.#pending.flatMap((bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return Array.from({ length: bytes.length / size }, (_, index) => this.#parts.decode(read(view, index * size)));
    });
    const skipped = this.#skipped;
    this.stop();
    this.#skipped = 0;
    this.#last_ms = Date.now();
    this.#parts.publish({ type: 'retransmits', rows, skipped });
  }
}
