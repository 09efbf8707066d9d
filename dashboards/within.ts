// The filter of a link from a figure to what is behind it: that of the page, and the figure's own tests.
import { allOf } from '../agent/contract/language/write.ts';

/** @param tests expressions in the language. What is no expression is replaced: nothing can be added to it. */
export function within(filter: string, ...tests: readonly string[]): string {
  try {
    return allOf(filter, ...tests);
  } catch {
    return allOf(...tests);
  }
}
