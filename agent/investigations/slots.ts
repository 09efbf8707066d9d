// The filters of investigations in the kernel, a slot each, and the kinds of rows that are written only for them. The scope has the other slot.
import { FILTER_SCOPE, FILTER_SLOTS, type FilterCounters } from '../../bpf/rows/rows.gen.ts';
import { DETAIL, DETAIL_KINDS, type DetailKind, type Look } from '../contract/detail.ts';
import type { Budget } from '../kernel/budget.ts';
import type { KernelFilters } from '../kernel/controls.ts';

const SLOTS = Array.from({ length: FILTER_SLOTS }, (_, slot) => slot).filter((slot) => slot !== FILTER_SCOPE);

export class Slots {
  readonly #filters: KernelFilters;
  readonly #emptyRings: () => void;
  readonly #taken = new Map<number, Look>();
  /** The slot that was given back first is taken first. */
  readonly #free = [...SLOTS];

  /** @param emptyRings drains what lies in the rings: rows with a slot's bit must be out before the bit means another filter */
  constructor(filters: KernelFilters, emptyRings: () => void) {
    this.#filters = filters;
    this.#emptyRings = emptyRings;
  }

  /**
   * Undefined: all are taken. `only_details`: see KernelFilters.
   * @throws AgentError when the kernel refuses; it then keeps nothing of the filter
   */
  take(program: Uint8Array, budget: Budget, look: Look, only_details = false): number | undefined {
    const [slot] = this.#free;
    if (slot === undefined) return undefined;
    this.#emptyRings();
    this.#filters.set(slot, program, budget, only_details);
    this.#free.shift();
    this.#taken.set(slot, look);
    try {
      this.#askFor(look);
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
    const look = this.#taken.get(slot);
    if (look === undefined) return;
    this.#taken.delete(slot);
    this.#free.push(slot);
    this.#askFor(look);
    this.#filters.clear(slot);
  }

  /** A freed slot keeps its last counters until it is taken again. */
  counters(slot: number): FilterCounters & { expired: boolean } {
    return this.#filters.counters(slot);
  }

  /** Has rows of these kinds written for all slots that want them; where none does, no longer. */
  #askFor({ detail, user_stacks }: Look): void {
    const kinds = kindsOf(detail);
    if (user_stacks) this.#filters.userStacks(this.#wanting((look) => look.user_stacks));
    for (const kind of DETAIL_KINDS) {
      if (kinds.includes(kind))
        this.#filters.detail(
          kind,
          this.#wanting((look) => kindsOf(look.detail).includes(kind)),
        );
    }
  }

  #wanting(wants: (look: Look) => boolean): number {
    return [...this.#taken].reduce((bits, [slot, look]) => (wants(look) ? bits | (1 << slot) : bits), 0);
  }
}

const kindsOf = (detail: Look['detail']): readonly DetailKind[] => DETAIL[detail];
