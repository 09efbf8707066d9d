import { expect, test } from 'vitest';
import { rangeQuery } from '../../dashboards/range-query.ts';
import type { ViewState } from '../../dashboards/view-state.ts';

const NOW_MS = 1_800_000_000_000;

const CASES: readonly (readonly [Pick<ViewState, 'range' | 'filter'>, Record<string, string>])[] = [
  [
    { range: '5m', filter: '' },
    { from: String(NOW_MS - 300_000), to: String(NOW_MS) },
  ],
  [
    { range: { from_ms: 10.5, to_ms: 20.5 }, filter: '' },
    { from: '10', to: '21' },
  ],
  [
    { range: { from_ms: 1, to_ms: 2 }, filter: 'host = db-3 and process = nginx' },
    { from: '1', to: '2', filter: 'host = db-3 and process = nginx' },
  ],
];
test.each(CASES)('%j', (view, query) => {
  expect(rangeQuery(view, NOW_MS)).toEqual(query);
});
