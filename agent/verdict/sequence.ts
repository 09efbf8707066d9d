// Sequence numbers wrap around at 2^32: of two, the later one is less than 2^31 ahead.

/** How far `seq` is ahead of `other`, in bytes; negative if it is behind. */
export const ahead = (seq: number, other: number): number => (seq - other) | 0;

export const add = (seq: number, bytes: number): number => (seq + bytes) >>> 0;

/** A range of sequence numbers, the second past its last. */
export type Range = { seq: number; end: number };

/** Whether the range has this byte. */
export const holds = ({ seq, end }: Range, byte: number): boolean => ahead(byte, seq) >= 0 && ahead(byte, end) < 0;

/** A bucket of an index has as many bytes as about four of its ranges, within these bounds (powers of two). */
const BUCKET_BITS = { least: 6, most: 16 } as const;
const RANGES_IN_BUCKET = 4;
/** A range over more buckets is kept in a list of its own: rows may claim any length. */
const BUCKETS_MAX = 64;

/** Finds what covers a byte among very many ranges. What it finds is in the order in which it was added. */
export class RangeIndex<Item extends Range> {
  readonly #items: readonly Item[];
  readonly #bits: number;
  /** places of the items, ascending */
  readonly #buckets = new Map<number, number[]>();
  readonly #long: number[] = [];

  constructor(items: readonly Item[]) {
    this.#items = items;
    const bytes = items.reduce((sum, { seq, end }) => sum + Math.max(0, ahead(end, seq)), 0);
    const mean = (bytes * RANGES_IN_BUCKET) / Math.max(1, items.length);
    this.#bits = Math.min(BUCKET_BITS.most, Math.max(BUCKET_BITS.least, Math.ceil(Math.log2(Math.max(1, mean)))));
    for (const place of items.keys()) this.#add(place);
  }

  #add(place: number): void {
    const { seq, end } = this.#items[place] ?? { seq: 0, end: 0 };
    const length = ahead(end, seq);
    if (length <= 0) return;
    const turn = 2 ** (32 - this.#bits);
    const first = seq >>> this.#bits;
    const count = ((add(seq, length - 1) >>> this.#bits) - first + turn) % turn;
    if (count >= BUCKETS_MAX) {
      this.#long.push(place);
      return;
    }
    for (let step = 0; step <= count; step++) {
      const bucket = (first + step) % turn;
      const held = this.#buckets.get(bucket);
      if (held) held.push(place);
      else this.#buckets.set(bucket, [place]);
    }
  }

  at(byte: number): Item[] {
    const near = this.#buckets.get(byte >>> this.#bits) ?? [];
    const places = this.#long.length === 0 ? near : [...near, ...this.#long].sort((a, b) => a - b);
    return places.flatMap((place) => {
      const item = this.#items[place];
      return item && holds(item, byte) ? [item] : [];
    });
  }
}
