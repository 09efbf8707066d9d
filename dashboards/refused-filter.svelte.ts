// What the collector said of a filter that it refused, for the box to show at its place.
import type { Span } from '../agent/contract/language/filter-error.ts';

type Refusal = { filter: string; message: string; span: Span };

class RefusedFilter {
  #last = $state.raw<Refusal | null>(null);

  tell(refusal: Refusal): void {
    if (this.of(refusal.filter)?.message !== refusal.message) this.#last = refusal;
  }

  of(filter: string): Refusal | undefined {
    return this.#last?.filter === filter ? this.#last : undefined;
  }
}

export const refusedFilter = new RefusedFilter();
