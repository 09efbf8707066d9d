// How many sockets were in each state at the end of each step: by what sweeps saw of connections, and by what the kernel counts.
import { STATE } from '../../../bpf/rows/rows.gen.ts';
import { PILE_STATES, type PileSeries } from '../../api/piles.ts';
import type { Queryable } from '../engine.ts';
import { scopeOf } from './series.ts';
import { STILL, staysSql } from './stays.ts';
import { watchedSteps } from './watched.ts';
import { boundsOf, stepsWithin, type Window, whereOf } from './window.ts';

const COUNTED = ['curr_estab', 'time_wait', 'orphans'] as const;
type Counted = (typeof COUNTED)[number];
type Sampled = Exclude<(typeof PILE_STATES)[number], 'established'>;
const SAMPLED = PILE_STATES.filter((state): state is Sampled => state !== 'established');

/**
 * A namespace has a row when one of its figures has changed since the sweep before. One that changes nothing for longer than this is taken
 * to be gone: as long as there is a TIME_WAIT, its end is a change.
 */
const HOLDS_MS = 300_000;

/** How much more there is from a step on. */
type Change = { name: Sampled | Counted; step: number; change: number };

const stepAt = (ms: string, { from_ms, step_s }: Window) => `toUInt32(greatest(0, intDiv(${ms} - ${from_ms}, ${step_s * 1000})))`;

function sampledSql(window: Window): string {
  const numbers = SAMPLED.map((state) => STATE.indexOf(state));
  const names = `transform(state, [${numbers.join(', ')}], [${SAMPLED.map((state) => `'${state}'`).join(', ')}], '')`;
  return `SELECT ${names} AS name, ${stepAt('edge.1', window)} AS step, sum(edge.2) AS change
FROM (
  SELECT stay.1 AS state, arrayJoin([(stay.2, 1), (stay.3, -1)]) AS edge
  FROM (${staysSql(window)}) WHERE stay.1 IN (${numbers.join(', ')})
)
WHERE edge.1 != ${STILL} GROUP BY name, step`;
}

/** Each namespace counts its own sockets, but any of them the orphans of its whole host. */
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

/** Steps in which nobody watched are gaps. */
export async function pileSeries(store: Queryable, window: Window): Promise<PileSeries> {
  const isOfHosts = scopeOf(window.filter) === 'hosts';
  const ask = (sql: string, names: readonly string[]) => store.query<Change>(sql, window.params.values, stepsWithin(window) * names.length);
  const [sampled, counted, watched] = await Promise.all([
    ask(sampledSql(window), SAMPLED),
    isOfHosts ? ask(countedSql(window), COUNTED) : [],
    watchedSteps(store, window),
  ]);
  const { from_s, to_s } = boundsOf(window);
  const time_s = Array.from({ length: Math.ceil((to_s - from_s) / window.step_s) }, (_, at) => from_s + at * window.step_s);
  const byName = Map.groupBy([...sampled, ...counted], ({ name }) => name);
  const levels = (name: Sampled | Counted) => {
    const changes = new Map((byName.get(name) ?? []).map(({ step, change }) => [step, change]));
    let level = 0;
    return time_s.map((start_s, at) => {
      level += changes.get(at) ?? 0;
      return watched.has(start_s) ? level : null;
    });
  };
  const none = time_s.map(() => null);
  return {
    time_s,
    ...(Object.fromEntries(SAMPLED.map((name) => [name, levels(name)])) as Record<Sampled, (number | null)[]>),
    ...(Object.fromEntries(COUNTED.map((name) => [name, isOfHosts ? levels(name) : none])) as Record<Counted, (number | null)[]>),
  };
}
