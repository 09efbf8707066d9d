// The statements: one adds up all values of a metric, the other ranks the values of one dimension.
import type { Params } from '../../language/params.ts';
import { type Grouping, groupedOf, ofTime } from '../grouped.ts';
import type { Metric } from '../metrics.ts';
import type { Measure } from './measure.ts';
import { EXCESS_LEAST, excessOf, type Judgement } from './weights.ts';

/** `value_now`, `value_before`: the metric in each time; null where nothing was measured. */
export type Summed = Record<'part_now' | 'part_before' | 'whole_now' | 'whole_before', number> &
  Record<'value_now' | 'value_before', number | null>;
export type FoundValue = Summed & { value: string; few: boolean; groups: number };

/** The columns of `Summed`, as expressions over `groupedOf`. */
function sums(metric: Metric, { part, whole }: Measure): string {
  const of = (name: string, expression: string) =>
    [0, 1].map((before) => `${ofTime(expression, metric, before)} AS ${name}_${before === 0 ? 'now' : 'before'}`);
  return [
    ...of('part', `toFloat64(ifNull(${part}, 0))`),
    ...of('whole', `toFloat64(${whole})`),
    ...of('value', `toNullable(toFloat64(${metric.value}))`),
  ].join(', ');
}

/** Returns one row. */
export const totalStatement = (metric: Metric, measure: Measure, grouping: Omit<Grouping, 'metrics' | 'dimensions'>): string =>
  `SELECT ${sums(metric, measure)} FROM (${groupedOf({ ...grouping, metrics: [metric], dimensions: [] })})`;

/** The `most` values with the largest excess, see weights.ts; those with few samples last. */
export function valuesStatement(
  { metric, measure, judgement }: { metric: Metric; measure: Measure; judgement: Judgement },
  grouping: Omit<Grouping, 'metrics'>,
  params: Params,
  most: number,
): string {
  const [dimension] = grouping.dimensions;
  const counted = measure.is === 'sum' ? 'part' : 'whole';
  const factors = excessOf(judgement).map((factor) => params.bind('Float64', factor));
  const terms = ['part_now', 'part_before', 'whole_now', 'whole_before'].map((name, at) => `${name} * ${factors[at]}`);
  return `SELECT toString(${dimension?.shown?.('k0') ?? 'k0'}) AS value, part_now, part_before, whole_now, whole_before, value_now, value_before, few, groups
FROM (
  SELECT *, toBool(${counted}_now + ${counted}_before < ${measure.least}) AS few, ${terms.join(' + ')} AS excess, count() OVER () AS groups
  FROM (SELECT k0, ${sums(metric, measure)} FROM (${groupedOf({ ...grouping, metrics: [metric] })}) GROUP BY k0)
)
ORDER BY excess < ${EXCESS_LEAST}, few, excess DESC, k0
LIMIT ${most}`;
}
