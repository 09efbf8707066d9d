// The filter of a link from a figure to what is behind it: that of the page, and the figure's own tests.
import type { Filter } from './filter.ts';
import type { ViewState } from './view-state.ts';

/** @param tests expressions in the language */
export function narrowed(filter: ViewState['filter'], ...tests: readonly string[]): ViewState['filter'] {
  const narrow: Filter = { ...filter };
  for (const test of tests) {
    const [field, , value] = test.split(' ');
    if (value === undefined) continue;
    if (field === 'service_port') narrow.port = Number(value);
    if (field === 'host' || field === 'process' || field === 'peer') narrow[field] = value;
  }
  return narrow;
}
