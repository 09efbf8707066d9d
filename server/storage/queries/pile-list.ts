// Connections by owner and state: how many there are, how many there were, and for how long they have been in it.
import { STATE } from '../../../bpf/rows/rows.gen.ts';
import { type PILE_SORTS, PILE_STATES, type Pile } from '../../api/piles.ts';
import { quote } from '../columns.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
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

const NUMBERS = PILE_STATES.map((state) => STATE.indexOf(state));
const nameOf = (number: string) => `arrayElement([${STATE.map(quote).join(', ')}], ${number} + 1)`;

type Row = Omit<Pile, 'role' | 'port'> & { role: NonNullable<Pile['role']>; roles: number; port: number; ports: number; total: number };

/** The `limit` largest by `sort`, and how many there are. */
export async function pileList(
  store: Queryable,
  window: Window,
  { state, sort, limit }: { state?: PileState | undefined; sort: PileSort; limit: number },
): Promise<{ piles: Pile[]; total: number }> {
  const { from_ms, to_ms } = window;
  const states = state === undefined ? NUMBERS : [STATE.indexOf(state)];
  const still = `stay.3 = ${STILL}`;
  const sql = `SELECT toString(g.host_key) AS host_id, ${hostName('g.host_key')} AS host, owner.1 AS comm, ${containerName('g.host_key', 'owner.2')} AS container,
  ${nameOf('in_state')} AS state, role_any AS role, roles, port_any AS port, ports, connections, before, oldest_us, median_us,
  if(moved_last = 0, NULL, greatest(0, ${to_ms} - moved_last) * 1000) AS quiet_us, unread, count() OVER () AS total
FROM (
  SELECT host_key, owner, stay.1 AS in_state, countIf(${still}) AS connections,
    countIf(stay.2 <= ${from_ms} AND (${still} OR stay.3 > ${from_ms})) AS before,
    anyIf(side.1, ${still}) AS role_any, uniqExactIf(side.1, ${still}) AS roles, anyIf(side.2, ${still}) AS port_any, uniqExactIf(side.2, ${still}) AS ports,
    maxIf(${to_ms} - stay.2, ${still}) * 1000 AS oldest_us, quantileExactIf(0.5)(${to_ms} - stay.2, ${still}) * 1000 AS median_us,
    maxIf(moved_ms, ${still}) AS moved_last, sumIf(unread_now, ${still}) AS unread
  FROM (${staysSql(window)}) WHERE stay.1 IN (${states.join(', ')})
  GROUP BY host_key, owner, in_state HAVING connections > 0
) AS g
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
