// The map's edges over a long range: from the table of hours, and from rows for the parts without a published hour.
import { Refusal } from '../../errors.ts';
import type { Queryable } from '../engine.ts';
import { bucketQuantile } from '../figures.ts';
import { conditionOf } from '../language/condition.ts';
import { pairs, published } from '../published.ts';
import { coverOf, type Piece, rowsWithin } from './cover.ts';
import { betweenSql, EDGE_SUMS, edgesSql } from './map-edges.ts';
import { pairsSql } from './pairs.ts';
import { momentText, type Window } from './window.ts';

const HOUR_S = 3600;
/** Limit of entries that are added up for one answer. */
const ENTRIES_MAX = 5_000_000;

/**
 * `window` begins at a full hour. `rest`: its parts that no published hour covers. `last_s`: a connection counts as open if it has a row
 * since then.
 */
export type Hours = { window: Window; hours: readonly Piece[]; rest: Window; last_s: number };

export async function hoursOf(store: Queryable, asked: Window): Promise<Hours> {
  const from_s = Math.floor(asked.from_ms / 1000 / HOUR_S) * HOUR_S;
  const to_s = Math.ceil(asked.to_ms / 1000);
  const window = { ...asked, from_ms: from_s * 1000 };
  const { hours, rest } = coverOf(from_s, to_s, { days: [], hours: await published(store, 'map', from_s, to_s), minutes: [] });
  const last = rest.at(-1);
  const last_s = last?.[1] === to_s ? last[0] : (hours.at(-1)?.start_s ?? from_s);
  const time = `(${rowsWithin(rest)}) AND time_ns < ${momentText(asked.to_ms)}`;
  return { window, hours, rest: { ...window, time: rest.length === 0 ? 'false' : time }, last_s };
}

/**
 * The number of entries of hours that will be read.
 * @throws Refusal `range_too_wide`
 */
export async function entriesToRead(store: Queryable, { hours }: Hours): Promise<number> {
  if (hours.length === 0) return 0;
  const [counted] = await store.query<{ entries: number }>(`SELECT count() AS entries FROM map_1h WHERE ${pairs(hours)}`, {}, 1);
  const entries = counted?.entries ?? 0;
  if (entries <= ENTRIES_MAX) return entries;
  throw new Refusal(
    'range_too_wide',
    `this range has ${entries} edges in its hours, and an answer is made of at most ${ENTRIES_MAX}: ask for a shorter range`,
  );
}

const SIDES = ['client', 'server'] as const;
const RTTS = SIDES.map((side) => `sumMap(${side}_rtt) AS ${side}_rtts`);
/** Columns of an end, with the names that filters use. */
const KNOWN_AS = { host: 'host_id', comm: 'comm', cgroup: 'cgroup_id' } as const;

/** The entries of which at least one end matches the filter. */
function fitting({ hours, window: { filter, params } }: Hours): string {
  const condition = conditionOf(filter, 'sample', 'rollup', params);
  const from = `SELECT * FROM map_1h WHERE ${pairs(hours)}`;
  if (condition === 'true') return from;
  const ends = SIDES.map((side, at) => {
    const columns = Object.entries(KNOWN_AS).map(([name, as]) => `${side}_${name} AS ${as}`);
    return `SELECT *, ${columns.join(', ')}, '${side}' AS role, ${SIDES[1 - at]}_network AS peer_network, server_port AS service_port, ${side}_host != 0 AND ${condition} AS ${side}_fits`;
  });
  const added = `${Object.values(KNOWN_AS).join(', ')}, role, peer_network, service_port`;
  return `SELECT * FROM (${ends[1]} FROM (SELECT * EXCEPT (${added}) FROM (${ends[0]} FROM (${from})))) WHERE client_fits OR server_fits`;
}

/** Has the same columns as `edgesSql`. @param more expressions over the sums, client_p99 and server_p99 */
export function edgesOfHours(asked: Hours, ...more: readonly string[]): string {
  const { hours, rest, last_s } = asked;
  const network = (side: string) => `if(${side}_host = 0, ${side}_network, toIPv6('::'))`;
  const node = (side: string) => `(${side}_host, ${side}_comm, ${side}_cgroup, ${network(side)}) AS ${side}`;
  const named = (by: (name: string) => string) => EDGE_SUMS.map((name) => `${by(name)} AS ${name}`).join(', ');
  const parts = [
    ...(hours.length === 0
      ? []
      : [
          `SELECT ${SIDES.map(node).join(', ')}, server_port, client_network, server_network, newest AS last, both_ends, ${named((name) => (name === 'open' ? `if(start >= ${last_s}, open, 0)` : name))}, client_rtt AS client_rtts, server_rtt AS server_rtts
FROM (${fitting(asked)})`,
        ]),
    ...(rest.time === 'false' && hours.length > 0
      ? []
      : [
          `SELECT client, server, server_port, client_network, server_network, last, both_ends, ${EDGE_SUMS.join(', ')}, client_rtts, server_rtts
FROM (${edgesSql(betweenSql(pairsSql(rest, 'buckets'), 'buckets', momentText(last_s * 1000)), RTTS)})`,
        ]),
  ];
  const newest = (name: string) => `argMax(u.${name}, u.last) AS ${name}`;
  const p99 = SIDES.map((side) => `${bucketQuantile(`${side}_rtts`, 0.99)} AS ${side}_p99`);
  return `SELECT *, over + open AS connections, ${[...p99, ...more].join(', ')}
FROM (
  SELECT client, server, server_port, ${newest('client_network')}, ${newest('server_network')}, max(u.both_ends) AS both_ends,
    ${named((name) => `sum(u.${name})`)}, ${SIDES.map((side) => `sumMap(u.${side}_rtts) AS ${side}_rtts`).join(', ')}
  FROM (${parts.join('\nUNION ALL ')}) AS u
  GROUP BY client, server, server_port
)`;
}
