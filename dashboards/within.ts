// The filter for a link from a figure to its rows: the page's filter and the figure's own tests.
import { allOf } from '../agent/contract/language/write.ts';

/** @param tests expressions. A `filter` that is no valid expression is replaced, as tests cannot be added to it */
export function within(filter: string, ...tests: readonly string[]): string {
  try {
    return allOf(filter, ...tests);
  } catch {
    return allOf(...tests);
  }
}
