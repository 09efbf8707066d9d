// The loop that empties the kernel's rings. What it hands on is valid only during the call, and nothing it calls may
// wait: a ring that is not emptied in time loses rows.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { BATCH_BYTES_MAX } from '../contract/batch-envelope.ts';
import type { RowSource } from '../source/row-source.ts';

/** Buffers taken of one kind before the next gets its turn, so that a storm in one ring does not fill the others. */
const ROUNDS_MAX = 8;

export type Take = (kind: Kind, rows: Uint8Array) => void;

/** What a round over all kinds found: nothing, all there was, or a kind that had more than its turn. */
export type Found = 'nothing' | 'all' | 'more';

export class Drain {
  readonly #source: RowSource;
  readonly #take: Take;
  readonly #isFull: () => boolean;
  readonly #buffer = new Uint8Array(BATCH_BYTES_MAX);

  /** `isFull`: rows are left where they are for now, if the source is one whose rows wait. */
  constructor(source: RowSource, take: Take, isFull = () => false) {
    this.#source = source;
    this.#take = take;
    this.#isFull = source.waits ? isFull : () => false;
  }

  /** One round over all kinds. */
  round(): Found {
    let found: Found = 'nothing';
    for (const kind of KIND) {
      const of_kind = this.#drainKind(kind);
      if (of_kind === 'more' || found === 'nothing') found = of_kind;
    }
    return found;
  }

  /** Rounds until nothing is left, or until it is clear that rows come faster than they are taken. */
  all(): void {
    for (let round = 0; round < ROUNDS_MAX && this.round() === 'more'; round++);
  }

  #drainKind(kind: Kind): Found {
    let found: Found = 'nothing';
    for (let round = 0; round < ROUNDS_MAX && !this.#isFull(); round++) {
      const length = this.#source.drain(kind, this.#buffer);
      // A sweep takes long where there are many namespaces: a slice of it is a turn.
      const sweeping = kind === 'sample' && this.#source.sweeping();
      if (length === 0) return sweeping ? 'more' : found;
      this.#take(kind, this.#buffer.subarray(0, length));
      found = 'all';
      if (sweeping) return 'more';
    }
    return this.#isFull() ? found : 'more';
  }
}
