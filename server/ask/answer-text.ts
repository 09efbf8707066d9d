// Prints a collector's answer on a terminal: a table, and how far it can be relied on. Pure.
import { duration } from '../../agent/process/amounts.ts';
import type { Differs } from '../api/differs.ts';
import type { Explored, ExploreNames } from '../api/explore.ts';
import { bytesText, momentText, table } from '../print-table.ts';

type Column = Explored['columns'][number];
type Cell = Explored['rows'][number][number];

const NONE = '-';
const numberText = (value: number) => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3))));
const ratioText = (value: number) => `${Number((value * 100).toPrecision(3))} %`;
const FORMATS: Readonly<Record<string, (value: number) => string>> = {
  ratio: ratioText,
  us: (us) => (us === 0 ? '0' : duration(Math.round(us))),
  bytes: bytesText,
};
const figureText = (value: number | null | undefined, unit: string) =>
  value === null || value === undefined ? NONE : (FORMATS[unit] ?? numberText)(value);

/** Of a distribution: the number of times in it, and the upper bound of the last bucket. */
function cellText(cell: Cell | undefined, { sort, unit }: Column): string {
  if (sort === 'time') return momentText(Number(cell) * 1000);
  if (Array.isArray(cell)) {
    const count = cell.reduce((sum, [, times = 0]) => sum + times, 0);
    return count === 0 ? NONE : `${count} up to ${figureText(cell.at(-1)?.[0], 'us')}`;
  }
  return typeof cell === 'number' || cell === null || cell === undefined ? figureText(cell, unit) : String(cell) || '(none)';
}

/** The cells of a row. A metric with too few samples also shows how many it has. */
function lineOf(columns: readonly Column[], row: readonly Cell[]): string[] {
  const isOther = row[columns.findIndex(({ sort }) => sort === 'other')] === true;
  const dimensions = columns.flatMap(({ sort }, at) => (sort === 'dimension' ? [at] : []));
  return columns.flatMap((column, at) => {
    if (!isShown(column)) return [];
    if (isOther && column.sort === 'dimension') return [at === dimensions[0] ? 'all others' : ''];
    const samples = column.sort === 'metric' ? columns.findIndex(({ name }) => name === `${column.name}_samples`) : -1;
    const count = Number(row[samples] ?? Number.POSITIVE_INFINITY);
    const few = samples >= 0 && count < (columns[samples]?.least ?? 0) ? ` of ${count}` : '';
    return [`${cellText(row[at], column)}${few}`];
  });
}

const isShown = ({ sort }: Column) => sort !== 'id' && sort !== 'other' && sort !== 'samples';
const isFigure = ({ sort }: Column) => sort === 'metric' || sort === 'earlier';

export function answerText(answer: Explored): string {
  const { columns, rows } = answer;
  const shown = columns.filter(isShown);
  const right = new Set(shown.flatMap((column, at) => (isFigure(column) ? [at] : [])));
  const head = shown.map(({ name, sort }) => (sort === 'time' ? 'time' : name));
  const lines = rows.map((row) => lineOf(columns, row));
  return `${rows.length === 0 ? 'nothing in this time\n' : table(head, lines, right)}\n${reliedOn(answer)}`;
}

/** Says which time was asked, where the answer comes from, and how complete it is. */
function reliedOn({ from_ms, to_ms, source, columns, completeness, rows_read, elapsed_ms, notes, earlier_s }: Explored): string {
  const metrics = columns.filter(({ sort }) => sort === 'metric');
  const whole = completeness === null ? 'nobody knows how complete' : `${ratioText(completeness)} of what the hosts saw`;
  return [
    ...metrics.map(({ name, words, end }) => `${name}: ${words}; counted ${end}`),
    `${momentText(from_ms)} to ${momentText(to_ms)}${earlier_s === null ? '' : `, and ${earlier_s} s before`}: ${whole}; from ${source}, ${rows_read} rows in ${elapsed_ms} ms`,
    ...notes,
    '',
  ].join('\n');
}

export function namesText({ metrics, dimensions }: ExploreNames): string {
  const unitText = (unit: string) => (unit === 'us' ? 'µs' : unit);
  return [
    table(
      ['metric', 'unit', 'what it is', 'counted'],
      metrics.map(({ name, unit, words, end }) => [name, unitText(unit), words, end]),
      new Set(),
    ),
    table(
      ['by', 'in filters', 'what it is'],
      dimensions.map(({ name, field, words }) => [name, field, words]),
      new Set(),
    ),
  ].join('\n');
}

const STATE_WORDS: Readonly<Record<Differs['state'], string>> = {
  found: 'these values stand out:',
  alike: 'no value stands out: all have changed alike',
  steady: 'it has hardly changed',
  few: 'too little was counted to say',
  nothing_before: 'there is nothing before to compare it with',
  nothing_now: 'there is nothing now to compare',
};

export function differsText({ metric, words, unit, is, now, before, state, differences }: Differs): string {
  const ofText = (value: number | null) => `${figureText(value, unit)}${is === 'sum' && value !== null ? '/s' : ''}`;
  const periodText = ({ from_ms, to_ms, value }: Differs['now']) => `${ofText(value)} (${momentText(from_ms)} to ${momentText(to_ms)})`;
  const lines = differences.map(({ dimension, value, now, before, explains, few }) => [
    dimension,
    value || '(none)',
    ofText(before),
    ofText(now),
    ratioText(explains),
    few ? 'of few' : '',
  ]);
  return [
    `${metric}: ${words}`,
    `now ${periodText(now)}, before ${periodText(before)}`,
    STATE_WORDS[state],
    lines.length === 0 ? '' : table(['by', 'value', 'before', 'now', 'explains', ''], lines, new Set([2, 3, 4])),
  ].join('\n');
}
