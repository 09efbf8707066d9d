// Sequence numbers wrap around at 2^32: of two, the later one is less than 2^31 ahead.

/** How far `seq` is ahead of `other`, in bytes; negative if it is behind. */
export const ahead = (seq: number, other: number): number => (seq - other) | 0;

export const add = (seq: number, bytes: number): number => (seq + bytes) >>> 0;

/** A range of sequence numbers, the second past its last. */
export type Range = { seq: number; end: number };

/** Whether the range has this byte. */
export const holds = ({ seq, end }: Range, byte: number): boolean => ahead(byte, seq) >= 0 && ahead(byte, end) < 0;

/** Bytes of sequence numbers that one bucket of an index has. */
const BUCKET_BITS = 16;

/** Finds what covers a byte among very many ranges. What it finds is in the order in which it was added. */
export class RangeIndex<Item extends Range> {
  readonly #buckets = new Map<number, Item[]>();

  constructor(items: Iterable<Item>) {
    for (const item of items) this.#add(item);
  }

  #add(item: Item): void {
    const length = ahead(item.end, item.seq);
    if (length <= 0) return;
    const first = item.seq >>> BUCKET_BITS;
    const count = (add(item.seq, length - 1) >>> BUCKET_BITS) - first;
    for (let step = 0; step <= (count < 0 ? count + (1 << BUCKET_BITS) : count); step++) {
      const bucket = (first + step) % (1 << BUCKET_BITS);
      const held = this.#buckets.get(bucket);
      if (held) held.push(item);
      else this.#buckets.set(bucket, [item]);
    }
  }

  at(byte: number): Item[] {
    return (this.#buckets.get(byte >>> BUCKET_BITS) ?? []).filter((item) => holds(item, byte));
  }
}
