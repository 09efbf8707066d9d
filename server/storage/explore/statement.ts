// The statement of a question: the largest groups, and all others as one, in steps, for one time or for two.
import { type Grouping, groupedOf, keysOf, list, ofTime, sumsOf } from './grouped.ts';
import type { Metric } from './metrics.ts';

/** `before`: an earlier time of the same length as `now`. */
export type Question = Grouping & {
  /** the metric by which groups are ranked */
  ranked: Metric;
  /** ranked by how far the metric has moved since the earlier time */
  isByMove: boolean;
  /** number of groups that are shown; all others are added up in one */
  top: number;
};

/**
 * A SELECT of `rest`, `d0` … (texts of the dimensions), `id0` … (ids where the text is not the value), `time_s`, `before`, `m0` …
 * (metrics), `s0` … (their samples), `answered` (rows or entries), `groups` (number of groups). At most (top + 1) × steps × 2 rows.
 */
export function statementOf(question: Question): string {
  const { metrics, dimensions, top } = question;
  const keys = keysOf(question);
  const sums = sumsOf(metrics);
  const ranked = `SELECT *, dense_rank() OVER (ORDER BY ${list(['others', 'is_few', 'ranked_by DESC NULLS LAST', ...keys])}) AS rank
FROM (SELECT *, ${isFew(question, keys)} AS is_few, ${rankOf(question, keys)} AS ranked_by FROM (${groupedOf(question)}))`;
  const rest = `(rank > ${top} OR others)`;
  const shown = dimensions.flatMap(({ shown: as, id }, index) => [
    `if(${rest}, '', toString(${as === undefined ? `k${index}` : as(`k${index}`)})) AS d${index}`,
    as === undefined ? '' : `if(${rest}, '', toString(${id === undefined ? `k${index}` : id(`k${index}`)})) AS id${index}`,
  ]);
  const columns = [
    'rest',
    ...dimensions.flatMap(({ shown: as }, index) => [`d${index}`, as === undefined ? '' : `id${index}`]),
    'time_s',
    'before',
  ];
  const put = `SELECT ${list([`${rest} AS rest`, ...shown, 'time_s', 'before', ...sums, 'min(rank) AS first', 'max(maxIf(rank, NOT others)) OVER () AS groups'])}
FROM (${ranked})
GROUP BY ${list(columns)}`;
  const values = metrics.flatMap(({ value, samples }, index) => [
    `${value} AS m${index}`,
    samples === undefined ? '' : `toUInt64(${samples}) AS s${index}`,
  ]);
  return `SELECT ${list([...columns, ...values, 'n AS answered', 'groups'])}
FROM (${put})
ORDER BY rest, first, time_s, before
LIMIT ${(top + 1) * stepsOf(question) * (question.before ? 2 : 1)}`;
}

/** Limit of steps in an answer. */
export function stepsOf({ step_s, now }: Pick<Question, 'step_s' | 'now'>): number {
  if (step_s === undefined) return 1;
  return Math.ceil((now.window.to_ms - now.window.from_ms) / 1000 / step_s) + 1;
}

/** A group's rank: its metric over the whole time, or how far that has moved since the earlier time. */
function rankOf({ ranked, isByMove }: Question, keys: readonly string[]): string {
  const { histogram, value } = ranked;
  const wanted = histogram === value ? `arraySum(mapValues(${value}))` : value;
  const [now, earlier] = [0, 1].map((before) => `toNullable(toFloat64(${totalOf(wanted, ranked, keys, before)}))`);
  return isByMove ? `abs(ifNull(${now}, 0) - ifNull(${earlier}, 0))` : String(now);
}

/** Whether too little was measured in the group: such groups come after all others. */
function isFew({ ranked, isByMove }: Question, keys: readonly string[]): string {
  const { samples, least = 0 } = ranked;
  if (samples === undefined) return 'false';
  const times = isByMove ? [0, 1] : [0];
  return times.map((before) => `${totalOf(samples, ranked, keys, before)} < ${least}`).join(' AND ');
}

/** The expression over all steps of a group. */
function totalOf(expression: string, metric: Metric, keys: readonly string[], before: number): string {
  return ofTime(expression, metric, before, ` OVER (PARTITION BY ${list([...keys, 'others'])})`);
}
