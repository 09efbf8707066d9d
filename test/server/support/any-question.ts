// Random questions about stored data: mostly of things that exist, in unusual combinations.
import fc from 'fast-check';
import { FIELD_NAMES } from '../../../agent/contract/language/fields.ts';
import { API } from '../../../server/api.ts';
import { DIMENSION_NAMES } from '../../../server/storage/explore/dimensions.ts';
import { METRIC_NAMES } from '../../../server/storage/explore/metrics.ts';
import { anyExpression } from '../../server/storage/language/any-expression.ts';
import type { AnyRequest } from './any-request.ts';
import { anyText } from './anything.ts';

const DAY_MS = 86_400_000;
const listed = (names: readonly string[], most: number) =>
  fc.array(fc.constantFrom(...names), { maxLength: most }).map((some) => some.join(','));
const time = fc.integer({ min: -1, max: 40 }).map((days) => String(Date.now() - days * DAY_MS));
const wild = anyText.map((text) => text.toWellFormed());

/** Values of each parameter: mostly valid ones, now and then others. */
const MEMBERS: Record<string, fc.Arbitrary<string>> = {
  from: time,
  to: time,
  filter: fc.oneof({ weight: 4, arbitrary: anyExpression }, { weight: 1, arbitrary: wild }),
  metrics: listed([...METRIC_NAMES, 'nothing'], 5),
  metric: fc.constantFrom(...METRIC_NAMES, 'nothing'),
  before_from: time,
  before_to: time,
  by: listed([...DIMENSION_NAMES, 'label.rack', 'label.', 'nothing'], 4),
  step: fc.constantFrom('none', 'auto', '60', '3600', '86400', '7', '-1'),
  earlier: fc.constantFrom('1', '3600', '86400', '99999999'),
  top: fc.constantFrom('1', '10', '100', '0'),
  sort: fc.constantFrom(...METRIC_NAMES),
  order: fc.constantFrom('largest', 'moved', 'up'),
  format: fc.constantFrom('json', 'csv', 'parquet'),
  sql: fc.constantFrom('true', 'false'),
  field: fc.constantFrom(...FIELD_NAMES, 'label.rack', 'nothing'),
  prefix: fc.oneof(fc.constantFrom('', 'c', '10.', "'"), wild),
  limit: fc.constantFrom('1', '100', '5000'),
};
const OF: Record<string, readonly string[]> = {
  [API.explore]: ['from', 'to', 'filter', 'metrics', 'by', 'step', 'earlier', 'top', 'sort', 'order', 'format', 'sql'],
  [API.explore_differs]: ['from', 'to', 'before_from', 'before_to', 'filter', 'metric', 'top'],
  [API.values]: ['field', 'prefix', 'from', 'to', 'filter', 'limit'],
  ...Object.fromEntries(
    [API.overview, API.edges, API.retransmits, API.resets, API.drops, API.listeners, API.piles, API.map].map((path) => [
      path,
      ['from', 'to', 'filter'],
    ]),
  ),
};
const NEEDED: Record<string, readonly string[]> = {
  [API.explore]: ['metrics'],
  [API.explore_differs]: ['metric'],
  [API.values]: ['field'],
};

export const anyQuestion: fc.Arbitrary<AnyRequest> = fc
  .constantFrom(...Object.keys(OF), API.explore, API.explore, API.explore_differs, API.explore_differs, API.values)
  .chain((path) =>
    fc.subarray([...(OF[path] ?? [])]).chain((some) => {
      const members = [...new Set([...(NEEDED[path] ?? []), ...some])];
      return fc.tuple(...members.map((name) => (MEMBERS[name] ?? wild).map((value) => [name, value]))).map((pairs) => ({
        method: 'GET',
        path: `${path}?${new URLSearchParams(pairs as [string, string][])}`,
        headers: {},
        body: Buffer.alloc(0),
      }));
    }),
  );
