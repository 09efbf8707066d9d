// The collector's message about a refused filter, which the filter's box shows below the wrong characters.
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
