// Sequence numbers in the order in which they were seen, counted on beyond 32 bits where they wrap around, each with the highest number
// reached so far. So a binary search finds when a number was first passed.
import { placeWhere } from './in-order.ts';
import { ahead } from './sequence.ts';

export class Unrolled {
  readonly #raw: number[] = [];
  readonly #value: number[] = [];
  readonly #highest: number[] = [];

  /** `seq`: the next number that was seen. `reached`: numbers near it that are reached at the same time. */
  push(seq: number, reached: readonly number[]): void {
    const last = this.#raw.length - 1;
    const value = last < 0 ? seq : (this.#value[last] ?? 0) + ahead(seq, this.#raw[last] ?? 0);
    let highest = this.#highest[last] ?? -Infinity;
    for (const one of reached) highest = Math.max(highest, value + ahead(one, seq));
    this.#raw.push(seq);
    this.#value.push(value);
    this.#highest.push(highest);
  }

  get length(): number {
    return this.#raw.length;
  }

  /** The counted-on value of a 32-bit number that is near the one seen at `place`. */
  valueOf(seq: number, place: number): number {
    const near = Math.max(0, Math.min(place, this.#raw.length - 1));
    return (this.#value[near] ?? 0) + ahead(seq, this.#raw[near] ?? 0);
  }

  /** The highest that was reached up to this place; -Infinity: none. */
  highestAt(place: number): number {
    return this.#highest[place] ?? -Infinity;
  }

  /** The first place at which more than this was reached; `length`: there is none. */
  placeAbove(value: number): number {
    return placeWhere(this.#highest, (highest) => highest > value);
  }
}
