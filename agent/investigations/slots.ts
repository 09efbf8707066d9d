// The filters of investigations in the kernel, a slot each, and the kinds of rows that are written only for them. The scope has the other slot.
import { FILTER_SCOPE, FILTER_SLOTS, type FilterCounters } from '../../bpf/rows/rows.gen.ts';
import { DETAIL, DETAIL_KINDS, type Detail, type DetailKind } from '../contract/detail.ts';
import type { Budget } from '../kernel/budget.ts';
import type { KernelFilters } from '../kernel/controls.ts';

const SLOTS = Array.from({ length: FILTER_SLOTS }, (_, slot) => slot).filter((slot) => slot !== FILTER_SCOPE);

export class Slots {
  readonly #filters: KernelFilters;
  readonly #taken = new Map<number, Detail>();
  /** The one that was given back first comes first: rows that are still on their way have its bit. */
  readonly #free = [...SLOTS];

  constructor(filters: KernelFilters) {
    this.#filters = filters;
  }

  /**
   * Undefined: all are taken. `only_details`: see KernelFilters.
   * @throws AgentError when the kernel refuses; it then has nothing of it
   */
  take(program: Uint8Array, budget: Budget, detail: Detail, only_details = false): number | undefined {
    const [slot] = this.#free;
    if (slot === undefined) return undefined;
    this.#filters.set(slot, program, budget, only_details);
    this.#free.shift();
    this.#taken.set(slot, detail);
    try {
      this.#askFor(DETAIL[detail]);
    } catch (error) {
      this.free(slot);
      throw error;
    }
    return slot;
  }

  /** Another filter in a slot that is taken. @throws AgentError when the kernel refuses; the one before stays */
  replace(slot: number, program: Uint8Array, budget: Budget, only_details: boolean): void {
    this.#filters.set(slot, program, budget, only_details);
  }

  free(slot: number): void {
    const detail = this.#taken.get(slot);
    if (detail === undefined) return;
    this.#taken.delete(slot);
    this.#free.push(slot);
    this.#askFor(DETAIL[detail]);
    this.#filters.clear(slot);
  }

  /** Of one that was freed what it came to, until it is taken again. */
  counters(slot: number): FilterCounters & { expired: boolean } {
    return this.#filters.counters(slot);
  }

  /** Has rows of these kinds written for all who want them; nobody does: not any more. */
  #askFor(kinds: readonly DetailKind[]): void {
    for (const kind of DETAIL_KINDS) if (kinds.includes(kind)) this.#filters.detail(kind, this.#wanting(kind));
  }

  #wanting(kind: DetailKind): number {
    const wanting = [...this.#taken].filter(([, detail]) => kindsOf(detail).includes(kind));
    return wanting.reduce((bits, [slot]) => bits | (1 << slot), 0);
  }
}

const kindsOf = (detail: Detail): readonly DetailKind[] => DETAIL[detail];
