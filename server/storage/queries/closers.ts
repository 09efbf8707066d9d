// Which side closes first, by process and destination: each such end leaves a TIME_WAIT at that side.
import type { Closer } from '../../api/piles.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
import { figuresOf, PEER_NETWORK, SERVICE_PORT } from '../figures.ts';
import { ROLLUP_KEYS } from '../rollup.ts';
import { plainAddress, plainNetwork } from './address.ts';
import { type Cover, cover, rolledUp } from './cover.ts';
import type { Keys } from './figures-by.ts';
import { isByMoments } from './pile-moments.ts';
import { ratesOf } from './series.ts';
import { rowsOf, rowsTime, type Window } from './window.ts';

/** Duration of TIME_WAIT, which is fixed in Linux (TCP_TIMEWAIT_LEN). */
export const TIME_WAIT_MS = 60_000;

/** Grouped by process and destination; for a service all clients are one group. */
const KEYS = {
  host_key: { rows: 'host_id', rollup: 'host_id' },
  comm: { rows: 'comm', rollup: 'comm' },
  cgroup_key: { rows: 'cgroup_id', rollup: 'cgroup_id' },
  side: { rows: 'role', rollup: 'role' },
  destination: { rows: "if(role = 'server', toIPv6('::'), peer_addr)", rollup: "if(role = 'server', toIPv6('::'), peer_network)" },
  port: { rows: SERVICE_PORT, rollup: 'service_port' },
  is_others: { rows: 'false', rollup: 'others' },
} as const satisfies Keys;
const NAMES = Object.keys(KEYS).join(', ');
const COUNTS = ['closed_first', 'peer_closed_first'] as const;

/** Ends of the last minute: only their TIME_WAITs can still be there. */
const inLastMinute = ({ to_ms }: Window) =>
  `countIf(event = 'close' AND end_reason = 'fin_local' AND toUnixTimestamp64Milli(time_ns) > ${to_ms - TIME_WAIT_MS}) AS last_minute`;

function ofRows(window: Window): string {
  const keys = Object.entries(KEYS).map(([name, { rows }]) => `${rows} AS ${name}`);
  const ends = rowsOf('connection', { ...window, time: `${window.time} AND event = 'close'` });
  return `SELECT ${[...keys, ...figuresOf('connection', COUNTS), inLastMinute(window)].join(', ')} FROM ${ends} GROUP BY ${NAMES}`;
}

/** From a rollup, where destinations are networks; ends of the last minute come from rows. */
function ofRollup(window: Window, covered: Cover): string {
  const columns = (by: (name: keyof typeof KEYS) => string) =>
    (Object.keys(KEYS) as (keyof typeof KEYS)[]).map((name) => `${by(name)} AS ${name}`);
  const entries = rolledUp(covered, { keys: ROLLUP_KEYS, figures: COUNTS }, window);
  const from_ms = window.to_ms - TIME_WAIT_MS;
  const last = rowsOf('connection', { ...window, time: rowsTime(from_ms, window.to_ms) });
  const network = (name: keyof typeof KEYS) =>
    name === 'destination' ? `if(role = 'server', toIPv6('::'), ${PEER_NETWORK})` : KEYS[name].rows;
  return `SELECT ${NAMES}, ${COUNTS.map((name) => `sum(u.${name}) AS ${name}`).join(', ')}, sum(u.last_minute) AS last_minute
FROM (
  SELECT ${[...columns((name) => KEYS[name].rollup), ...COUNTS].join(', ')}, 0 AS last_minute FROM ${entries} WHERE closed_first + peer_closed_first > 0
  UNION ALL
  SELECT ${[...columns(network), ...COUNTS.map((name) => `0 AS ${name}`), inLastMinute(window)].join(', ')} FROM ${last} GROUP BY ${NAMES}
) AS u GROUP BY ${NAMES}`;
}

type Row = Omit<Closer, 'closed_first_per_s'> & { total: number };

/**
 * The `limit` groups that closed first most often. If a rollup answers, destinations are networks, and the group of all others comes last.
 * @param watched_s how long an agent reported, s
 */
export async function closers(
  store: Queryable,
  window: Window,
  { limit, watched_s }: { limit: number; watched_s: number },
): Promise<{ closers: Closer[]; total: number }> {
  const covered = isByMoments(window) ? await cover(store, window) : undefined;
  const sql = `SELECT toString(g.host_key) AS host_id, ${hostName('g.host_key')} AS host, comm, ${containerName('g.host_key', 'g.cgroup_key')} AS container,
  side AS role, if(side = 'server', '', toString(destination)) AS peer_addr, port, is_others AS others, closed_first, peer_closed_first AS peer_first, last_minute, count() OVER () AS total
FROM (${covered ? ofRollup(window, covered) : ofRows(window)}) AS g
WHERE closed_first + peer_closed_first > 0
ORDER BY is_others, closed_first DESC, peer_first DESC, host_id, comm, peer_addr, port, role
LIMIT {limit:UInt32}`;
  const rows = await store.query<Row>(sql, { ...window.params.values, limit }, limit);
  const span_s = ratesOf(watched_s, window);
  const shown = ({ peer_addr, others }: Row) =>
    peer_addr === '' || others ? '' : covered ? plainNetwork(peer_addr) : plainAddress(peer_addr);
  const found = rows.map(
    ({ total: _, ...one }): Closer => ({
      ...one,
      others: Boolean(one.others),
      peer_addr: shown({ ...one, total: 0 }),
      closed_first_per_s: one.closed_first / span_s,
    }),
  );
  return { closers: found, total: rows[0]?.total ?? 0 };
}
