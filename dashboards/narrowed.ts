// The filter of a link from a figure to what is behind it: that of the page, and the figure's own values.
import type { Filter } from './filter.ts';
import type { ViewState } from './view-state.ts';

/** A field of the language, and the values of which one has to be its. */
export type Narrowing = readonly [field: string, values: readonly string[]];

const PORT = 'service_port';
export function narrowed(filter: ViewState['filter'], ...by: readonly Narrowing[]): ViewState['filter'] {
  const narrow: Filter = { ...filter };
  for (const [field, [value]] of by) {
    if (value === undefined) continue;
    if (field === PORT) narrow.port = Number(value);
    if (field === 'host' || field === 'process' || field === 'peer') narrow[field] = value;
  }
  return narrow;
}
