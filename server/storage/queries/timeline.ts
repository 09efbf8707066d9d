// The sums of a range by step. Each kind's statement over rows has only the kind's own figures, and the results are added up here: planning
// one statement that adds them up would take the engine longer than reading an hour of rows.

import type { Queryable } from '../engine.ts';
import { FIGURE_KINDS, FIGURES, type Figure, type FigureKind, fold, folded, kindsOf, RTT_COUNTS } from '../figures.ts';
import { type Cover, rolledUp } from './cover.ts';
import { RTT_QUANTILES } from './figures-by.ts';
import { type Quantiles, type Scope, type Sent, type Step, type Sums, shownFigures } from './series.ts';
import { boundsOf, rowsOf, stepsWithin, type Window } from './window.ts';

/** Agents sweep every 10 s. With shorter steps, sampled figures include the last 10 s; otherwise most steps would have none. */
const SWEEP_S = 10;

/** Sums of a kind, or of a rollup, in a step, in the order of `figuresOf`. The kind '' stands for a step without rows. */
type Part = {
  time_s: number;
  kind: FigureKind | 'rollup' | '';
  sums: number[];
  rows: number;
  recent_rtt: Quantiles | [];
  range_rtt: Quantiles | [];
};

/** All steps of the window, in order. @param covered undefined if rows alone answer */
export async function timeline(store: Queryable, window: Window, covered: Cover | undefined, scope: Scope): Promise<Step[]> {
  const shown = shownFigures(scope);
  const sql = covered ? overRollup(window, covered, shown) : overRows(window, shown);
  return stepsOf(await store.query<Part>(sql, window.params.values, stepsWithin(window) * (FIGURE_KINDS.length + 1)), window, shown);
}

/** SQL for the start of the step that a time is in. */
export const stepOf = (time: string, step_s: number) => `toUInt32(intDiv(toUnixTimestamp(${time}), ${step_s}) * ${step_s})`;

/** The figures of `shown` that a kind has. */
const figuresOf = (kind: Part['kind'], shown: readonly Figure[]): readonly Figure[] =>
  kind === '' ? [] : kind === 'rollup' ? shown : shown.filter((name) => name in FIGURES[kind]);

const expressionsOf = (kind: FigureKind, shown: readonly Figure[]): string[] => {
  const known: Partial<Record<string, string>> = FIGURES[kind];
  return figuresOf(kind, shown).map((name) => known[name] ?? '0');
};

const lookBackOf = ({ step_s }: Window) => (step_s < 2 * SWEEP_S ? SWEEP_S : 0);

function overRows(window: Window, shown: readonly Figure[]): string {
  const { step_s } = window;
  const summed = (kind: FigureKind, more: string) =>
    `SELECT ${stepOf('time_ns', step_s)} AS time_s, '${kind}' AS kind, [${expressionsOf(kind, shown).join(', ')}] AS sums, count() AS rows, ${more}
FROM ${rowsOf(kind, window)} GROUP BY time_s`;
  const kinds = kindsOf(shown);
  const measured = kinds
    .filter((kind) => RTT_COUNTS[kind] !== '0')
    .map((kind) => summed(kind, `quantilesIfState(0.5, 0.99)(srtt_us, ${RTT_COUNTS[kind]}) AS rtt`));
  const lookBack_s = lookBackOf(window);
  // Steps without rows are added, so that they too include what was measured before.
  const filled = lookBack_s > 0 ? `SELECT * FROM (${measured.join('\nUNION ALL ')})\n${fillOf(window)}` : measured.join('\nUNION ALL ');
  const recent = `(ORDER BY time_s RANGE BETWEEN ${lookBack_s} PRECEDING AND CURRENT ROW)`;
  const withRtt = `SELECT time_s, kind, sums, rows, ${RTT_QUANTILES.rows(recent)} AS recent_rtt, ${RTT_QUANTILES.rows('()')} AS range_rtt
FROM (${filled})`;
  const others = kinds.filter((kind) => RTT_COUNTS[kind] === '0').map((kind) => summed(kind, '[] AS recent_rtt, [] AS range_rtt'));
  return [withRtt, ...others].join('\nUNION ALL ');
}

function fillOf(window: Window): string {
  const { from_s, to_s } = boundsOf(window);
  return `ORDER BY time_s WITH FILL FROM toUInt32(${from_s}) TO toUInt32(${to_s}) STEP ${window.step_s}`;
}

/** No step includes earlier ones here: steps over a rollup are longer than a sweep. */
function overRollup(window: Window, covered: Cover, shown: readonly Figure[]): string {
  const sums = shown.map((name) => folded(name)).join(', ');
  return `SELECT time_s, 'rollup' AS kind, sums, rows, ${RTT_QUANTILES.rollup('(PARTITION BY time_s)')} AS recent_rtt, ${RTT_QUANTILES.rollup('()')} AS range_rtt
FROM (
  SELECT ${stepOf('minute', window.step_s)} AS time_s, [${sums}] AS sums, count() AS rows, sumMap(rtt) AS rtt
  FROM ${rolledUp(covered, { keys: [], figures: shown }, window)} GROUP BY time_s
)`;
}

function stepsOf(parts: readonly Part[], window: Window, shown: readonly Figure[]): Step[] {
  const { from_s, to_s } = boundsOf(window);
  const byTime = Map.groupBy(parts, ({ time_s }) => time_s);
  const range_rtt = parts.map((part) => part.range_rtt).find(measured) ?? NOTHING;
  const lookBack = Math.floor(lookBackOf(window) / window.step_s);
  const steps: Step[] = [];
  for (let time_s = from_s; time_s < to_s; time_s += window.step_s) {
    const of = byTime.get(time_s) ?? [];
    const sums = Object.fromEntries(shown.map((name) => [name, 0])) as Sums;
    for (const { kind, sums: counted } of of)
      for (const [at, name] of figuresOf(kind, shown).entries())
        sums[name as keyof Sums] = fold(name, sums[name as keyof Sums] ?? 0, counted[at] ?? 0);
    const recent_rtt = of.map((part) => part.recent_rtt).find(measured) ?? NOTHING;
    const rows = of.reduce((sum, part) => sum + part.rows, 0);
    const before = steps.slice(Math.max(0, steps.length - lookBack));
    const recently = (name: keyof Sent) => [...before, sums].reduce((sum, step) => sum + step[name], 0);
    const recent = { data_segs_out: recently('data_segs_out'), retrans_data: recently('retrans_data'), spurious: recently('spurious') };
    steps.push({ time_s, ...sums, rows, recent, recent_rtt, range_rtt });
  }
  return steps;
}

const NOTHING: Quantiles = [null, null];
const measured = (rtt: Quantiles | []): rtt is Quantiles => rtt.length > 0;
