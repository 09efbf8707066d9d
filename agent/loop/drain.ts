// Empties the rings. The rows that it hands on are valid only during the call, and what it calls must not block: a ring that is not emptied
// in time loses rows.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { BATCH_BYTES_MAX } from '../contract/batch-envelope.ts';
import type { RowSource } from '../source/row-source.ts';

/** After this many buffers of one kind the next kind is drained, so that rings do not fill up during a storm of another kind. */
const ROUNDS_MAX = 8;

export type Take = (kind: Kind, rows: Uint8Array) => void;

/** How a round over all kinds ended: no rows, every ring emptied, or rows left in a ring. */
export type Found = 'nothing' | 'all' | 'more';

export class Drain {
  readonly #source: RowSource;
  readonly #take: Take;
  readonly #isFull: () => boolean;
  readonly #buffer = new Uint8Array(BATCH_BYTES_MAX);

  /** `isFull`: no rows are taken while it is true, if the source's rows wait (`RowSource.waits`). */
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

  /** Makes rounds until the rings are empty; at most a few, since rows may come faster than they are drained. */
  all(): void {
    for (let round = 0; round < ROUNDS_MAX && this.round() === 'more'; round++);
  }

  #drainKind(kind: Kind): Found {
    let found: Found = 'nothing';
    for (let round = 0; round < ROUNDS_MAX && !this.#isFull(); round++) {
      const length = this.#source.drain(kind, this.#buffer);
      // A sweep over many namespaces takes long: after one slice of it the other kinds are drained.
      const sweeping = kind === 'sample' && this.#source.sweeping();
      if (length === 0) return sweeping ? 'more' : found;
      this.#take(kind, this.#buffer.subarray(0, length));
      found = 'all';
      if (sweeping) return 'more';
    }
    return this.#isFull() ? found : 'more';
  }
}
