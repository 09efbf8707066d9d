// FIGURES grouped by any keys, from rows or from the rollup: the same columns either way.
import { bucketQuantile, FIGURE_KINDS, FIGURE_NAMES, type FigureKind, figuresOf, RTT_COUNTS } from '../figures.ts';
import type { Window } from './window.ts';

/** A key's name → its expression over a row of each source. */
export type Keys = Record<string, Record<Window['source'], string>>;

/** A SELECT of the keys, every figure, `rows` (stored rows they come from) and `rtt` (for RTT_QUANTILES). @param of over rows, only these kinds */
export function figuresBy(keys: Keys, { source, where }: Window, of: readonly FigureKind[] = FIGURE_KINDS): string {
  const names = Object.keys(keys).join(', ');
  const columns = Object.entries(keys).map(([name, expression]) => `${expression[source]} AS ${name}`);
  const sums = FIGURE_NAMES.map((name) => `sum(${name}) AS ${name}`).join(', ');
  if (source === 'rollup_1m') {
    return `SELECT ${columns.join(', ')}, ${sums}, count() AS rows, sumMap(rtt) AS rtt FROM rollup_1m WHERE ${where} GROUP BY ${names}`;
  }
  const kinds = of.map((kind) => {
    const rtt = `quantilesIfState(0.5, 0.99)(srtt_us, ${RTT_COUNTS[kind]}) AS rtt`;
    return `SELECT ${[...columns, ...figuresOf(kind), 'count() AS rows', rtt].join(', ')} FROM ${kind} WHERE ${where} GROUP BY ${names}`;
  });
  return `SELECT ${names}, ${sums}, sum(rows) AS rows, quantilesIfMergeState(0.5, 0.99)(rtt) AS rtt
FROM (${kinds.join('\nUNION ALL ')})
GROUP BY ${names}`;
}

/** [p50, p99] in µs of `rtt`, merged over the rows of a window frame such as `(ORDER BY …)`; NaN, in JSON null, without measurements. */
export const RTT_QUANTILES = {
  rows: (frame: string) => `quantilesIfMerge(0.5, 0.99)(rtt) OVER ${frame}`,
  rollup_1m: (frame: string) => {
    const merged = `sumMap(rtt) OVER ${frame}`;
    return `[${bucketQuantile(merged, 0.5)}, ${bucketQuantile(merged, 0.99)}]`;
  },
} as const satisfies Record<Window['source'], (frame: string) => string>;

/** p99 in µs of one row's `rtt`. */
export const RTT_P99 = {
  rows: 'finalizeAggregation(rtt)[2]',
  rollup_1m: bucketQuantile('rtt', 0.99),
} as const satisfies Record<Window['source'], string>;
