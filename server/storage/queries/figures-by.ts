// Figures grouped by any keys. The columns are the same whether they come from rows or from the rollups.
import { bucketQuantile, type Figure, figuresOf, folded, kindsOf, RTT_COUNTS } from '../figures.ts';
import { ROLLUP_KEYS } from '../rollup.ts';
import { type Cover, rolledUp } from './cover.ts';
import { rowsOf, type Window } from './window.ts';

/** The name of a key → its expressions over a row and over a rollup's entry. */
export type Keys = Record<string, { rows: string; rollup: string }>;

/** Whether rows or a rollup answers a window: keys and figures have an expression for each. */
export const answeredBy = ({ source }: Pick<Window, 'source'>) => (source === 'rows' ? 'rows' : 'rollup');

/**
 * A SELECT of the keys, the figures, `rows` (number of rows or entries), and `rtt` (for RTT_QUANTILES). It has only the figures that are
 * asked for: planning a statement over rows takes longer than reading an hour of them.
 * @param cover undefined if rows alone answer
 */
export function figuresBy(keys: Keys, figures: readonly Figure[], window: Window, cover: Cover | undefined): string {
  const names = Object.keys(keys).join(', ');
  const columns = (by: 'rows' | 'rollup') => Object.entries(keys).map(([name, expression]) => `${expression[by]} AS ${name}`);
  const together = figures.map((name) => `${folded(name)} AS ${name}`).join(', ');
  if (cover) {
    const source = rolledUp(cover, { keys: ROLLUP_KEYS, figures }, window);
    return `SELECT ${columns('rollup').join(', ')}, ${together}, count() AS rows, sumMap(rtt) AS rtt FROM ${source} GROUP BY ${names}`;
  }
  const kinds = kindsOf(figures).map((kind) => {
    const rtt = `quantilesIfState(0.5, 0.99)(srtt_us, ${RTT_COUNTS[kind]}) AS rtt`;
    return `SELECT ${[...columns('rows'), ...figuresOf(kind, figures), 'count() AS rows', rtt].join(', ')} FROM ${rowsOf(kind, window)} GROUP BY ${names}`;
  });
  return `SELECT ${names}, ${together}, sum(rows) AS rows, quantilesIfMergeState(0.5, 0.99)(rtt) AS rtt
FROM (${kinds.join('\nUNION ALL ')})
GROUP BY ${names}`;
}

/** [p50, p99] in µs of `rtt`, merged over a window frame such as `(ORDER BY …)`. NaN (null in JSON) without measurements. */
export const RTT_QUANTILES = {
  rows: (frame: string) => `quantilesIfMerge(0.5, 0.99)(rtt) OVER ${frame}`,
  rollup: (frame: string) => {
    const merged = `sumMap(rtt) OVER ${frame}`;
    return `[${bucketQuantile(merged, 0.5)}, ${bucketQuantile(merged, 0.99)}]`;
  },
} as const;

/** p99 in µs of one row's `rtt`. */
export const RTT_P99 = {
  rows: 'finalizeAggregation(rtt)[2]',
  rollup: bucketQuantile('rtt', 0.99),
} as const;
