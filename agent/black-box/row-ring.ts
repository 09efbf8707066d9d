// The last rows of one kind, in memory that is taken once: the newest overwrite the oldest.

export class RowRing {
  readonly #bytes: Buffer;
  readonly #row_bytes: number;
  #next = 0;
  #is_round = false;

  /** @param bytes at most */
  constructor(bytes: number, row_bytes: number) {
    this.#row_bytes = row_bytes;
    this.#bytes = Buffer.alloc(Math.max(1, Math.floor(bytes / row_bytes)) * row_bytes);
  }

  get rows_max(): number {
    return this.#bytes.length / this.#row_bytes;
  }

  /** Copies one row. */
  add(row: Uint8Array): void {
    this.#bytes.set(row, this.#next);
    this.#next += this.#row_bytes;
    if (this.#next < this.#bytes.length) return;
    this.#next = 0;
    this.#is_round = true;
  }

  /** A copy of all rows, the oldest first. */
  rows(): Buffer {
    const newest = this.#bytes.subarray(0, this.#next);
    return Buffer.concat(this.#is_round ? [this.#bytes.subarray(this.#next), newest] : [newest]);
  }
}
