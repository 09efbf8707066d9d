// How many sockets were in each state at the end of each step: from sweeps over connections, and from the kernel's counters.
import { STATE } from '../../../bpf/rows/rows.gen.ts';
import { PILE_STATES, type PileSeries } from '../../api/piles.ts';
import type { Queryable } from '../engine.ts';
import { isByMoments, statesAtEnds, timeNear } from './pile-moments.ts';
import { scopeOf } from './series.ts';
import { STILL, staysSql } from './stays.ts';
import { boundsOf, stepsWithin, type Window, whereOf } from './window.ts';

const COUNTED = ['curr_estab', 'time_wait', 'orphans'] as const;
type Counted = (typeof COUNTED)[number];
type Sampled = Exclude<(typeof PILE_STATES)[number], 'established'>;
const SAMPLED = PILE_STATES.filter((state): state is Sampled => state !== 'established');

/**
 * A namespace has a row after each change of its figures. If it has no row for this long it counts as gone: while there are TIME_WAITs,
 * their ends are changes.
 */
const HOLDS_MS = 300_000;

/** `Change`: how many more there are from a step on. `Level`: how many there are at the end of a step. */
type Change = { name: Sampled | Counted; step: number; change: number };
type Level = { name: Sampled | Counted; step: number; level: number };

const stepAt = (ms: string, { from_ms, step_s }: Window) => `toUInt32(greatest(0, intDiv(${ms} - ${from_ms}, ${step_s * 1000})))`;

const NUMBERS = SAMPLED.map((state) => STATE.indexOf(state));
const nameOf = (state: string) => `transform(${state}, [${NUMBERS.join(', ')}], [${SAMPLED.map((name) => `'${name}'`).join(', ')}], '')`;

function sampledSql(window: Window): string {
  return `SELECT ${nameOf('state')} AS name, ${stepAt('edge.1', window)} AS step, sum(edge.2) AS change
FROM (
  SELECT stay.1 AS state, arrayJoin([(stay.2, 1), (stay.3, -1)]) AS edge
  FROM (${staysSql(window)}) WHERE stay.1 IN (${NUMBERS.join(', ')})
)
WHERE edge.1 != ${STILL} GROUP BY name, step`;
}

/** Counters of namespaces: each counts its own sockets, but each has the orphans of the whole host. */
function countedSql(window: Window): string {
  const changes = (keys: string, names: readonly Counted[]) => `SELECT name, ${stepAt('edge.1', window)} AS step, sum(edge.2) AS change
FROM (
  SELECT arrayJoin(arrayMap((one, next) -> (one, least(next.1, one.1 + ${HOLDS_MS})), rows,
    arrayPushBack(arrayPopFront(rows), (toInt64(${Number.MAX_SAFE_INTEGER}), ${names.map(() => 'toUInt32(0)').join(', ')})))) AS held,
    arrayJoin([${names.map((name, at) => `('${name}', toInt64(held.1.${at + 2}))`).join(', ')}]) AS figure,
    figure.1 AS name, arrayJoin([(held.1.1, figure.2), (held.2, -figure.2)]) AS edge
  FROM (
    SELECT arraySort(groupUniqArray((toUnixTimestamp64Milli(time_ns), ${names.join(', ')}))) AS rows
    FROM namespace WHERE ${whereOf(window, 'namespace')} GROUP BY ${keys}
  )
)
WHERE edge.1 < ${window.to_ms} GROUP BY name, step`;
  return `${changes('host_id, netns', ['curr_estab', 'time_wait'])}
UNION ALL ${changes('host_id', ['orphans'])}`;
}

/** The same for long steps, in which the state at the end of a step comes from a row in that step. */
function countedAtEnds(window: Window): string {
  const at_ms = 'toUnixTimestamp64Milli(time_ns)';
  const time = timeNear(window, HOLDS_MS, 0);
  const newest = (keys: string, names: readonly Counted[]) => `SELECT figure.1 AS name, step, sum(figure.2) AS level
FROM (
  SELECT toUInt32(intDiv(${at_ms} - ${window.from_ms}, ${window.step_s * 1000})) AS step, argMax(tuple(${names.join(', ')}), (${at_ms}, ${names.join(', ')})) AS newest
  FROM namespace WHERE ${whereOf({ ...window, time }, 'namespace')} GROUP BY ${keys}, step
) ARRAY JOIN [${names.map((name, at) => `('${name}', newest.${at + 1})`).join(', ')}] AS figure
GROUP BY name, step`;
  return `${newest('host_id, netns', ['curr_estab', 'time_wait'])}\nUNION ALL ${newest('host_id', ['orphans'])}`;
}

/** Levels at the end of each of the first `steps` steps. */
function levelsOf(changes: readonly Change[], steps: number): Level[] {
  return [...Map.groupBy(changes, ({ name }) => name)].flatMap(([name, all]) => {
    const more = new Map(all.map(({ step, change }) => [step, change]));
    let level = 0;
    return Array.from({ length: steps }, (_, step) => {
      level += more.get(step) ?? 0;
      return { name, step, level };
    });
  });
}

async function levels(store: Queryable, window: Window, isOfHosts: boolean): Promise<Level[]> {
  const steps = stepsWithin(window);
  const ask = <Row>(sql: string, names: readonly string[]) => store.query<Row>(sql, window.params.values, steps * names.length);
  if (isByMoments(window)) {
    const atEnds = `SELECT ${nameOf('in_state')} AS name, toUInt32(step) AS step, count() AS level FROM (${statesAtEnds(window, NUMBERS)}) GROUP BY name, step`;
    const [sampled, counted] = await Promise.all([
      ask<Level>(atEnds, SAMPLED),
      isOfHosts ? ask<Level>(countedAtEnds(window), COUNTED) : [],
    ]);
    return [...sampled, ...counted];
  }
  const [sampled, counted] = await Promise.all([
    ask<Change>(sampledSql(window), SAMPLED),
    isOfHosts ? ask<Change>(countedSql(window), COUNTED) : [],
  ]);
  return levelsOf([...sampled, ...counted], steps);
}

/** A step in which no agent reported is null. */
export async function pileSeries(store: Queryable, window: Window, watched: ReadonlySet<number>): Promise<PileSeries> {
  const isOfHosts = scopeOf(window.filter) === 'hosts';
  const byName = Map.groupBy(await levels(store, window, isOfHosts), ({ name }) => name);
  const { from_s, to_s } = boundsOf(window);
  const time_s = Array.from({ length: Math.ceil((to_s - from_s) / window.step_s) }, (_, at) => from_s + at * window.step_s);
  const line = (name: Sampled | Counted) => {
    const at = new Map(byName.get(name)?.map(({ step, level }) => [step, level]));
    return time_s.map((start_s, step) => (watched.has(start_s) ? (at.get(step) ?? 0) : null));
  };
  const none = time_s.map(() => null);
  return {
    time_s,
    ...(Object.fromEntries(SAMPLED.map((name) => [name, line(name)])) as Record<Sampled, (number | null)[]>),
    ...(Object.fromEntries(COUNTED.map((name) => [name, isOfHosts ? line(name) : none])) as Record<Counted, (number | null)[]>),
  };
}
