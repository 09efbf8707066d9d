// Connections by owner and state: how many there are, how many there were, and how long they have been in the state.
import { STATE } from '../../../bpf/rows/rows.gen.ts';
import { type PILE_SORTS, PILE_STATES, type Pile, type Piles } from '../../api/piles.ts';
import { quote } from '../columns.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
import { coverBy, rolledUp } from './cover.ts';
import { around, isByMoments } from './pile-moments.ts';
import { STILL, staysSql } from './stays.ts';
import type { Window } from './window.ts';

export type PileSort = (typeof PILE_SORTS)[number];
export type PileState = (typeof PILE_STATES)[number];

const ORDER = {
  connections: 'connections',
  growth: 'toInt64(connections) - toInt64(before)',
  oldest_us: 'oldest_us',
  median_us: 'median_us',
} as const satisfies Record<PileSort, string>;

const ESTABLISHED = STATE.indexOf('established');
const STAYS = `stay.3 = ${STILL}`;
/** Columns of `ofRows` that are not known for a group whose connections are only counted. */
const NOT_KNOWN =
  "'' AS role_any, 0 AS roles, 0 AS port_any, 0 AS ports, NULL AS oldest_us, NULL AS median_us, 0 AS moved_last, 0 AS unread";

const NUMBERS = PILE_STATES.map((state) => STATE.indexOf(state));
const nameOf = (number: string) => `arrayElement([${STATE.map(quote).join(', ')}], ${number} + 1)`;

/**
 * How established connections are counted in a range. A connection without traffic has no rows, so over a long range open ones are unknown.
 */
export const establishedOf = (window: Window): Piles['established'] =>
  !isByMoments(window) ? 'still_open' : window.source === 'rollup_1d' ? 'not_known' : 'opened_less_ended';

/** Groups of connections by owner and state, all from the rows of the window. */
function ofRows(window: Window, states: readonly number[]): string {
  const { from_ms, to_ms } = window;
  return `SELECT host_key, owner, stay.1 AS in_state, countIf(${STAYS}) AS connections,
    countIf(stay.2 <= ${from_ms} AND (${STAYS} OR stay.3 > ${from_ms})) AS before,
    toString(anyIf(side.1, ${STAYS})) AS role_any, uniqExactIf(side.1, ${STAYS}) AS roles, anyIf(side.2, ${STAYS}) AS port_any, uniqExactIf(side.2, ${STAYS}) AS ports,
    maxIf(${to_ms} - stay.2, ${STAYS}) * 1000 AS oldest_us, quantileExactIf(0.5)(${to_ms} - stay.2, ${STAYS}) * 1000 AS median_us,
    maxIf(moved_ms, ${STAYS}) AS moved_last, sumIf(unread_now, ${STAYS}) AS unread
  FROM (${staysSql(window)}) WHERE stay.1 IN (${states.join(', ')})
  GROUP BY host_key, owner, in_state HAVING connections > 0`;
}

/**
 * The same over a long range. Waiting connections come from rows around the end of the range, and those of before from rows around its
 * begin. Of established ones it is known how many more opened than ended, from the minutes.
 */
async function ofMoments(store: Queryable, window: Window, states: readonly number[]): Promise<string> {
  const { from_ms, to_ms } = window;
  const waiting = states.filter((state) => state !== ESTABLISHED);
  const parts: string[] = [];
  if (waiting.length > 0) {
    parts.push(
      ofRows({ ...around(window, to_ms), from_ms: 0 }, waiting),
      `SELECT host_key, owner, stay.1, 0, count(), ${NOT_KNOWN}
  FROM (${staysSql(around(window, from_ms))}) WHERE stay.1 IN (${waiting.join(', ')}) AND stay.2 <= ${from_ms} AND (${STAYS} OR stay.3 > ${from_ms})
  GROUP BY host_key, owner, stay.1`,
    );
  }
  if (states.includes(ESTABLISHED)) {
    const covered = await coverBy(store, window, 'rollup_1m');
    const minutes = rolledUp(covered, { keys: ['host_id', 'comm', 'cgroup_id'], figures: ['opened', 'closed'] }, window);
    parts.push(`SELECT m.host_id AS host_key, (m.comm, m.cgroup_id) AS owner, toInt8(${ESTABLISHED}) AS in_state, toUInt64(sum(opened) - sum(closed)) AS connections, 0 AS before, ${NOT_KNOWN}
  FROM ${minutes} AS m GROUP BY host_key, owner HAVING sum(opened) > sum(closed)`);
  }
  const summed = ['connections', 'before', 'roles', 'ports', 'unread'].map((name) => `sum(u.${name}) AS ${name}`);
  const largest = ['role_any', 'port_any', 'oldest_us', 'median_us', 'moved_last'].map((name) => `max(u.${name}) AS ${name}`);
  return `SELECT host_key, owner, in_state, ${[...summed, ...largest].join(', ')}
  FROM (${parts.join('\nUNION ALL ')}) AS u GROUP BY host_key, owner, in_state HAVING connections > 0`;
}

type Row = Omit<Pile, 'role' | 'port'> & { role: NonNullable<Pile['role']>; roles: number; port: number; ports: number; total: number };

/** The `limit` largest by `sort`, and how many there are. */
export async function pileList(
  store: Queryable,
  window: Window,
  { state, sort, limit }: { state?: PileState | undefined; sort: PileSort; limit: number },
): Promise<{ piles: Pile[]; total: number }> {
  const known = establishedOf(window) === 'not_known' ? NUMBERS.filter((number) => number !== ESTABLISHED) : NUMBERS;
  const states = known.filter((number) => state === undefined || number === STATE.indexOf(state));
  if (states.length === 0) return { piles: [], total: 0 };
  const sql = `SELECT toString(g.host_key) AS host_id, ${hostName('g.host_key')} AS host, owner.1 AS comm, ${containerName('g.host_key', 'owner.2')} AS container,
  ${nameOf('in_state')} AS state, role_any AS role, roles, port_any AS port, ports, connections, before, oldest_us, median_us,
  if(moved_last = 0, NULL, greatest(0, ${window.to_ms} - moved_last) * 1000) AS quiet_us, unread, count() OVER () AS total
FROM (${isByMoments(window) ? await ofMoments(store, window, states) : ofRows(window, states)}) AS g
ORDER BY ${ORDER[sort]} DESC, connections DESC, host_id, comm, container, state
LIMIT {limit:UInt32}`;
  const rows = await store.query<Row>(sql, { ...window.params.values, limit }, limit);
  const piles = rows.map(
    ({ total: _, roles, ports, role, port, ...pile }): Pile => ({
      ...pile,
      role: roles === 1 ? role : null,
      port: ports === 1 ? port : null,
    }),
  );
  return { piles, total: rows[0]?.total ?? 0 };
}
