// The inner half of a question's statement: rows or entries of one or two times, added up by the dimensions.
import { type Figure, figuresOf, folded, foldOf } from '../figures.ts';
import { type Cover, rolledUp } from '../queries/cover.ts';
import { stepOf } from '../queries/timeline.ts';
import { rowsOf, type Window } from '../queries/window.ts';
import type { RollupKey } from '../rollup.ts';
import { type Dimension, isOfHosts } from './dimensions.ts';
import { HISTOGRAMS, type Histogram, histogramOver, NO_BUCKETS } from './histograms.ts';
import { kindsOfMetric, type Metric } from './metrics.ts';

/** One of the times, and its cover by rollups. */
export type Part = { window: Window; cover: Cover | undefined };

export type Grouping = {
  metrics: readonly Metric[];
  dimensions: readonly Dimension[];
  /** undefined: the whole time is one step */
  step_s: number | undefined;
  now: Part;
  /** an earlier time to compare with; `earlier_s`: by how many seconds it is earlier */
  before: (Part & { earlier_s: number }) | undefined;
};

export const list = (parts: readonly string[]) => parts.filter((part) => part !== '').join(', ');
export const keysOf = ({ dimensions }: Pick<Grouping, 'dimensions'>): string[] => dimensions.map((_, index) => `k${index}`);

/** A SELECT of `k0` … (dimensions), `others`, `time_s`, `before`, the figures and histograms of the metrics, and `n` (rows or entries). */
export function groupedOf(grouping: Grouping): string {
  const { dimensions, metrics, now, before } = grouping;
  const { figures, histograms } = partsOf(metrics);
  // Entries of a rollup have rows of all kinds. A group in which none of the asked figures counts anything is left out.
  const something = [...figures.map((name) => `${name} > 0`), ...histograms.map((name) => `notEmpty(${name})`)].join(' OR ');
  const sources = [sourceOf(grouping, now, 0), ...(before ? [sourceOf(grouping, before, before.earlier_s)] : [])];
  const names = list([...keysOf(grouping), 'others', 'time_s', 'before']);
  return `SELECT ${list([names, ...sumsOf(metrics)])}
FROM (${sources.join('\nUNION ALL ')})
GROUP BY ${names}${dimensions.length === 0 ? '' : ` HAVING ${something}`}`;
}

/** Sums of the metrics' figures and histograms over rows of `groupedOf`. */
export function sumsOf(metrics: readonly Metric[]): string[] {
  const { figures, histograms } = partsOf(metrics);
  return [...figures.map((name) => `${folded(name)} AS ${name}`), ...histograms.map((name) => `sumMap(${name}) AS ${name}`), 'sum(n) AS n'];
}

/**
 * The expression of a metric for one of the two times, over rows of `groupedOf`.
 * @param over follows each aggregate function: '' for aggregation by GROUP BY, else a window
 */
export function ofTime(expression: string, { figures, histogram }: Metric, before: number, over = ''): string {
  const when = `before = ${before}`;
  const names: Record<string, string> = Object.fromEntries(figures.map((name) => [name, `${foldOf(name)}If(${name}, ${when})${over}`]));
  if (histogram !== undefined) names[histogram] = `sumMapIf(${histogram}, ${when})${over}`;
  return `(${expression.replace(/\b[a-z_]+\b/g, (word) => names[word] ?? word)})`;
}

function partsOf(metrics: readonly Metric[]): { figures: Figure[]; histograms: Histogram[] } {
  return {
    figures: [...new Set(metrics.flatMap((metric) => metric.figures))],
    histograms: [...new Set(metrics.flatMap(({ histogram }) => (histogram === undefined ? [] : [histogram])))],
  };
}

function sourceOf(grouping: Grouping, { window, cover }: Part, earlier_s: number): string {
  const before = earlier_s > 0 ? 1 : 0;
  const timeOf = (column: string) => {
    const { step_s } = grouping;
    return step_s === undefined ? 'toUInt32(0)' : `toUInt32(${stepOf(column, step_s)} + ${earlier_s})`;
  };
  return cover === undefined ? overRows(grouping, window, timeOf, before) : overRollup(grouping, { window, cover }, timeOf, before);
}

type TimeOf = (column: string) => string;

function overRows({ metrics, dimensions }: Grouping, window: Window, timeOf: TimeOf, before: number): string {
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

function overRollup({ metrics, dimensions }: Grouping, { window, cover }: Part & { cover: Cover }, timeOf: TimeOf, before: number): string {
  const { figures, histograms } = partsOf(metrics);
  const keys: RollupKey[] = [...new Set(dimensions.flatMap(({ rollup }) => rollup?.keys ?? []))];
  // The entry for all others still has its host, so grouping by host needs no group of others.
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
