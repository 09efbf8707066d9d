// Turns the answer to a question into lines of a chart and rows of a table. Nothing is added up here.
import type { Explored } from '../server/api.ts';
import type { ChartSeries } from './charts/chart-series.ts';
import { formatBytes, formatDurationUs, formatName, formatNumber, formatRatio } from './format.ts';

export type Cell = Explored['rows'][number][number];
type Sort = Explored['columns'][number]['sort'];

/** `names`: for people. `values`: for a filter; '' where a filter cannot select the value. */
export type ExploreRow = {
  key: string;
  names: string[];
  values: string[];
  isOther: boolean;
  value: number | null;
  before: number | null;
  isFew: boolean;
};
export type ExploreTable = { dimensions: { name: string; words: string }[]; rows: ExploreRow[] };

const FORMATS: Readonly<Record<string, (value: number) => string>> = { ratio: formatRatio, us: formatDurationUs, bytes: formatBytes };
export const formatOf = (unit: string): ((value: number) => string) => FORMATS[unit] ?? formatNumber;

const atOf = ({ columns }: Explored, sort: Sort): number => columns.findIndex((column) => column.sort === sort);
export const numberIn = (cell: Cell | undefined): number | null => (typeof cell === 'number' ? cell : null);

/** Each row as an object, by the names of columns. */
export const recordsOf = ({ columns, rows }: Explored): Record<string, Cell>[] =>
  rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null])));

/** With fewer samples the metric is not reliable. */
export const leastOf = ({ columns }: Explored, metric: string): number =>
  columns.find(({ name }) => name === `${metric}_samples`)?.least ?? 0;

/** The starts of all steps, s. */
export function timesOf({ step_s, from_ms, to_ms }: Explored): number[] {
  if (step_s === null) return [];
  const first_s = Math.floor(from_ms / 1000 / step_s) * step_s;
  return Array.from({ length: Math.max(0, Math.ceil((to_ms / 1000 - first_s) / step_s)) }, (_, at) => first_s + at * step_s);
}

/** The values of steps without a row: 0 for a sum if an agent reported in the step, else null. */
function emptySteps(answer: Explored, adds: string | undefined): (number | null)[] {
  const watched = new Set(answer.watched_s);
  return timesOf(answer).map((time_s) => (adds === 'sum' && watched.has(time_s) ? 0 : null));
}

/** A column of an answer without groups, one value for each step; null: unknown. */
export function valuesOf(answer: Explored, column: string): (number | null)[] {
  const empty = emptySteps(answer, answer.columns.find(({ name }) => name === column)?.adds);
  const found = new Map(recordsOf(answer).map((row) => [row['time_s'], row[column]]));
  return timesOf(answer).map((time_s, at) => (found.has(time_s) ? numberIn(found.get(time_s)) : (empty[at] ?? null)));
}

/** The names of a group for people; the group of the rest has one name. */
function namesOf({ columns }: Explored, row: readonly Cell[], isOther: boolean): string[] {
  const cells = row.filter((_, at) => columns[at]?.sort === 'dimension');
  return isOther ? cells.map((_, at) => (at === 0 ? 'all others' : '')) : cells.map((cell) => formatName(String(cell ?? '')) || '(none)');
}

export function tableOf(answer: Explored): ExploreTable {
  const [metric, earlier, samples, other] = (['metric', 'earlier', 'samples', 'other'] as const).map((sort) => atOf(answer, sort)) as [
    number,
    number,
    number,
    number,
  ];
  const least = answer.columns[samples]?.least ?? 0;
  const rows = answer.rows.map((row): ExploreRow => {
    const isOther = row[other] === true;
    const count = numberIn(row[samples]);
    return {
      key: JSON.stringify(row.filter((_, at) => ['dimension', 'id', 'other'].includes(answer.columns[at]?.sort ?? ''))),
      names: namesOf(answer, row, isOther),
      values: isOther ? [] : row.filter((_, at) => answer.columns[at]?.sort === 'dimension').map((cell) => String(cell ?? '')),
      isOther,
      value: numberIn(row[metric]),
      before: numberIn(row[earlier]),
      isFew: count !== null && count < least,
    };
  });
  return { dimensions: answer.columns.filter(({ sort }) => sort === 'dimension').map(({ name, words }) => ({ name, words })), rows };
}

/** Whether the metric is shown as a rate. Sums are, so that the values do not grow with the length of steps. */
export const isRate = (answer: Explored): boolean => answer.columns[atOf(answer, 'metric')]?.adds === 'sum';

/** A line for each group, the largest first. A step without a value is a gap. */
export function linesOf(answer: Explored): { time_s: number[]; series: ChartSeries[] } {
  const { step_s } = answer;
  if (step_s === null) return { time_s: [], series: [] };
  const time_s = timesOf(answer);
  const [first_s = 0] = time_s;
  const [time, metric, other] = [atOf(answer, 'time'), atOf(answer, 'metric'), atOf(answer, 'other')];
  const empty = emptySteps(answer, answer.columns[metric]?.adds);
  const scale = isRate(answer) ? 1 / step_s : 1;
  const groups = Map.groupBy(
    answer.rows,
    (row) =>
      namesOf(answer, row, row[other] === true)
        .filter(Boolean)
        .join(' · ') || 'all',
  );
  const series = [...groups].map(([label, rows], index): ChartSeries => {
    const values = [...empty];
    for (const row of rows) {
      const [at, value] = [((numberIn(row[time]) ?? 0) - first_s) / step_s, numberIn(row[metric])];
      if (at >= 0 && at < values.length) values[at] = value === null ? null : value * scale;
    }
    return { label, color: `--series-${Math.min(index + 1, 7)}`, values };
  });
  return { time_s, series };
}
