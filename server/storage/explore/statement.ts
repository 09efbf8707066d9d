// The statement of a question: groups of rows or of entries, the largest of them and the rest, in steps, beside those of an earlier time.
import { type Figure, figuresOf, folded, foldOf } from '../figures.ts';
import { type Cover, rolledUp } from '../queries/cover.ts';
import { stepOf } from '../queries/timeline.ts';
import { rowsOf, type Window } from '../queries/window.ts';
import type { RollupKey } from '../rollup.ts';
import { type Dimension, isOfHosts } from './dimensions.ts';
import { HISTOGRAMS, type Histogram, histogramOver, NO_BUCKETS } from './histograms.ts';
import { kindsOfMetric, type Metric } from './metrics.ts';

/** A time of which is asked, and what answers. */
export type Part = { window: Window; cover: Cover | undefined };

export type Question = {
  metrics: readonly Metric[];
  dimensions: readonly Dimension[];
  /** by which metric groups are ranked */
  ranked: Metric;
  /** by how far it has moved since the earlier time */
  isByMove: boolean;
  /** so many groups by themselves; all others are one */
  top: number;
  /** undefined: the whole time is one step */
  step_s: number | undefined;
  now: Part;
  /** an earlier time of the same length, and by how much it is earlier, in s */
  before: (Part & { earlier_s: number }) | undefined;
};

const list = (parts: readonly string[]) => parts.filter((part) => part !== '').join(', ');

/**
 * SELECT of `rest`, `d0` … (dimensions as text), `id0` … (of what is shown by another name), `time_s`, `before`, `m0` … (metrics), `s0` … (their samples),
 * `answered` (rows or entries behind it), `groups` (how many there are). At most (top + 1) × steps × 2 rows.
 */
export function statementOf(question: Question): string {
  const { metrics, dimensions, top } = question;
  const { figures, histograms } = partsOf(metrics);
  const keys = dimensions.map((_, index) => `k${index}`);
  const sums = [
    ...figures.map((name) => `${folded(name)} AS ${name}`),
    ...histograms.map((name) => `sumMap(${name}) AS ${name}`),
    'sum(n) AS n',
  ];
  // Entries of a rollup are of all kinds: of a group whose rows count nothing that is asked for, nothing is said.
  const something = [...figures.map((name) => `${name} > 0`), ...histograms.map((name) => `notEmpty(${name})`)].join(' OR ');
  const sources = [
    sourceOf(question, question.now, 0),
    ...(question.before ? [sourceOf(question, question.before, question.before.earlier_s)] : []),
  ];
  const grouped = `SELECT ${list([...keys, 'others', 'time_s', 'before', ...sums])}
FROM (${sources.join('\nUNION ALL ')})
GROUP BY ${list([...keys, 'others', 'time_s', 'before'])}${dimensions.length === 0 ? '' : ` HAVING ${something}`}`;
  const ranked = `SELECT *, dense_rank() OVER (ORDER BY ${list(['others', 'is_few', 'ranked_by DESC NULLS LAST', ...keys])}) AS rank
FROM (SELECT *, ${isFew(question, keys)} AS is_few, ${rankOf(question, keys)} AS ranked_by FROM (${grouped}))`;
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

/** The most steps of an answer. */
export function stepsOf({ step_s, now }: Pick<Question, 'step_s' | 'now'>): number {
  if (step_s === undefined) return 1;
  return Math.ceil((now.window.to_ms - now.window.from_ms) / 1000 / step_s) + 1;
}

function partsOf(metrics: readonly Metric[]): { figures: Figure[]; histograms: Histogram[] } {
  return {
    figures: [...new Set(metrics.flatMap((metric) => metric.figures))],
    histograms: [...new Set(metrics.flatMap(({ histogram }) => (histogram === undefined ? [] : [histogram])))],
  };
}

/** The metric of a group over the whole time, or how far it has moved since the earlier one. */
function rankOf({ ranked, isByMove }: Question, keys: readonly string[]): string {
  const { histogram, value } = ranked;
  const wanted = histogram === value ? `arraySum(mapValues(${value}))` : value;
  const [now, earlier] = [0, 1].map((before) => `toNullable(toFloat64(${totalOf(wanted, ranked, keys, before)}))`);
  return isByMove ? `abs(ifNull(${now}, 0) - ifNull(${earlier}, 0))` : String(now);
}

/** Groups of which too little was measured come after all others. */
function isFew({ ranked, isByMove }: Question, keys: readonly string[]): string {
  const { samples, least = 0 } = ranked;
  if (samples === undefined) return 'false';
  const times = isByMove ? [0, 1] : [0];
  return times.map((before) => `${totalOf(samples, ranked, keys, before)} < ${least}`).join(' AND ');
}

/** An expression over the figures of one of the two times, of a whole group. */
function totalOf(expression: string, { figures, histogram }: Metric, keys: readonly string[], before: number): string {
  const over = `OVER (PARTITION BY ${list([...keys, 'others'])})`;
  const ofTime = `before = ${before}`;
  const names: Record<string, string> = Object.fromEntries(figures.map((name) => [name, `${foldOf(name)}If(${name}, ${ofTime}) ${over}`]));
  if (histogram !== undefined) names[histogram] = `sumMapIf(${histogram}, ${ofTime}) ${over}`;
  return `(${expression.replace(/\b[a-z_]+\b/g, (word) => names[word] ?? word)})`;
}

function sourceOf(question: Question, { window, cover }: Part, earlier_s: number): string {
  const before = earlier_s > 0 ? 1 : 0;
  const timeOf = (column: string) => {
    const { step_s } = question;
    return step_s === undefined ? 'toUInt32(0)' : `toUInt32(${stepOf(column, step_s)} + ${earlier_s})`;
  };
  return cover === undefined ? overRows(question, window, timeOf, before) : overRollup(question, { window, cover }, timeOf, before);
}

type TimeOf = (column: string) => string;

function overRows({ metrics, dimensions }: Question, window: Window, timeOf: TimeOf, before: number): string {
  const { figures, histograms } = partsOf(metrics);
  const names = list([...dimensions.map((_, index) => `k${index}`), 'time_s']);
  const kinds = [...new Set(metrics.flatMap(kindsOfMetric))].map((kind) => {
    const columns = [
      ...dimensions.map(({ rows }, index) => `${rows} AS k${index}`),
      'false AS others',
      `${timeOf('time_ns')} AS time_s`,
      `${before} AS before`,
      ...figuresOf(kind, figures),
      ...histograms.map((name) => `${histogramOver(name, kind)} AS ${name}`),
      'count() AS n',
    ];
    return `SELECT ${list(columns)} FROM ${rowsOf(kind, window)} GROUP BY ${names}`;
  });
  return kinds.join('\nUNION ALL ');
}

function overRollup({ metrics, dimensions }: Question, { window, cover }: Part & { cover: Cover }, timeOf: TimeOf, before: number): string {
  const { figures, histograms } = partsOf(metrics);
  const keys: RollupKey[] = [...new Set(dimensions.flatMap(({ rollup }) => rollup?.keys ?? []))];
  // A host's entry for all others has no other keys than the host.
  const others = dimensions.every(isOfHosts) ? 'false' : 'others';
  const columns = [
    ...dimensions.map(({ rollup }, index) => `${rollup?.value} AS k${index}`),
    `${others === 'others' ? 'r.others' : others} AS others`,
    `${timeOf('minute')} AS time_s`,
    `${before} AS before`,
    ...figures.map((name) => `${folded(name, `r.${name}`)} AS ${name}`),
    ...histograms.map((name) => `${HISTOGRAMS[name].isRolledUp ? `sumMap(r.${name})` : NO_BUCKETS} AS ${name}`),
    'count() AS n',
  ];
  const names = list([...dimensions.map((_, index) => `k${index}`), 'others', 'time_s']);
  return `SELECT ${list(columns)} FROM ${rolledUp(cover, { keys, figures }, window)} AS r GROUP BY ${names}`;
}
