// Turns the rows of a question's statement into its answer: the time, the dimensions, and each metric with its value of the earlier time.
import type { Explored } from '../../api/explore.ts';
import { bucketEnd_us } from './histograms.ts';
import { isZeroWithout, type Metric } from './metrics.ts';
import type { Plan } from './plan.ts';

/** A row of the statement: `d0`, `id0`, `m0`, `s0` and so on, see statement.ts. */
export type Found = { rest: boolean; time_s: number; before: number; groups: number; answered: number } & Record<string, Value>;
type Value = number | string | boolean | null | Record<string, number>;
type Column = Explored['columns'][number];
type Cell = Explored['rows'][number][number];

const NOTHING = { words: '', unit: '', end: '', adds: '', least: 0 };

export function columnsOf({ metrics, dimensions, step_s, before }: Plan): Column[] {
  const ofMetric = ({ name, is: { words, unit, end, adds, samples, least = 0 } }: Plan['metrics'][number]): Column[] => {
    const told = { ...NOTHING, words, unit, end, adds };
    return [
      { ...told, name, sort: 'metric' },
      ...(before === undefined ? [] : [{ ...told, name: `${name}_earlier`, sort: 'earlier' } as const]),
      ...(samples === undefined ? [] : [{ ...NOTHING, name: `${name}_samples`, sort: 'samples', words: 'what it is of', least } as const]),
    ];
  };
  return [
    ...(step_s === undefined ? [] : [{ ...NOTHING, name: 'time_s', sort: 'time', words: 'the start of the step', unit: 's' } as const]),
    ...dimensions.flatMap(({ name, is }): Column[] => [
      { ...NOTHING, name, sort: 'dimension', words: is.words },
      ...(is.shown === undefined ? [] : [{ ...NOTHING, name: `${name}_id`, sort: 'id', words: `the id of ${is.words}` } as const]),
    ]),
    ...(dimensions.length === 0
      ? []
      : [{ ...NOTHING, name: 'other', sort: 'other', words: 'all groups that are not shown, together' } as const]),
    ...metrics.flatMap(ofMetric),
  ];
}

/** A row for each group and step, in the order of the statement. */
export function answerOf(plan: Plan, found: readonly Found[]): Cell[][] {
  const groups = Map.groupBy(found, ({ rest, time_s, ...row }) => JSON.stringify([rest, time_s, ...keysOf(plan, row)]));
  return [...groups.values()].map((rows) => {
    const now = rows.find(({ before }) => before === 0);
    const earlier = rows.find(({ before }) => before === 1);
    const either = now ?? earlier;
    if (either === undefined) return [];
    return [
      ...(plan.step_s === undefined ? [] : [either.time_s]),
      ...keysOf(plan, either),
      ...(plan.dimensions.length === 0 ? [] : [either.rest]),
      ...plan.metrics.flatMap(({ is }, index): Cell[] => [
        cellOf(is, now?.[`m${index}`]),
        ...(plan.before === undefined ? [] : [cellOf(is, earlier?.[`m${index}`])]),
        ...(is.samples === undefined ? [] : [(now?.[`s${index}`] as number | undefined) ?? 0]),
      ]),
    ];
  });
}

function keysOf({ dimensions }: Plan, row: Record<string, Value>): Cell[] {
  return dimensions.flatMap(({ is }, index) => {
    const text = String(row[`d${index}`]);
    return [row['rest'] === true ? text : (is.plain?.(text) ?? text), ...(is.shown === undefined ? [] : [String(row[`id${index}`])])];
  });
}

function cellOf(metric: Metric, found: Value | undefined): Cell {
  const { value, histogram } = metric;
  if (value !== histogram) return found === undefined ? (isZeroWithout(metric) ? 0 : null) : (found as number | null);
  const buckets = Object.entries((found ?? {}) as Record<string, number>).map(([bucket, count]) => [Number(bucket), count] as const);
  return buckets.sort(([a], [b]) => a - b).map(([bucket, count]) => [bucketEnd_us(bucket), count]);
}
