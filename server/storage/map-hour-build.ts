// Builds one hour of map_1h from rows, by statements that are all bounded, since inserts have to wait for each: where one cannot take an hour's
// rows, its connections' ends are first put aside (map_sliced_end), by hosts and connections, and then matched, by addresses and port: so each row
// is read once. Of a part with too many ends, as of a service that has most of the hour's connections, slices are matched first, and what they
// give (map_between) is then put together.
import type { Engine, Filling } from './engine.ts';
import { connectionRanges, hostRanges } from './host-ranges.ts';
import { EVERYTHING } from './language/condition.ts';
import { Params } from './language/params.ts';
import { BETWEEN, betweenSql, EDGE_SUMS, edgesSql } from './queries/map-edges.ts';
import { endsSql, PAIR_FIGURES, PAIRS_OF, pairsOfEnds, pairsSql, partedEnds, SLICES } from './queries/pairs.ts';
import { rowsTime } from './queries/window.ts';

const HOUR_S = 3600;

type Building = Pick<Engine, 'query' | 'fill' | 'define'>;

/** @param most about how many rows a statement reads */
export async function buildMapHour(engine: Building, start_s: number, version: bigint, most: number): Promise<void> {
  const [from_ms, to_ms] = [start_s * 1000, (start_s + HOUR_S) * 1000];
  const time = rowsTime(from_ms, to_ms);
  const hour = {
    from_ms,
    to_ms,
    step_s: HOUR_S,
    span_ms: HOUR_S * 1000,
    source: 'rows',
    filter: EVERYTHING,
    params: new Params(),
  } as const;
  const counts = PAIRS_OF.map((kind) => `SELECT host_id, count() AS n FROM ${kind} WHERE ${time} GROUP BY host_id`).join(' UNION ALL ');
  const [counted] = await engine.query<{ rows: number }>(`SELECT sum(n) AS rows FROM (${counts})`, {}, 1);
  const rows = counted?.rows ?? 0;
  const edges = (between: string) => engine.fill(hourOf(start_s, version, edgesSql(between, RTTS)));
  const between = (pairs: string) => betweenSql(pairs, 'buckets');
  if (rows <= most) return edges(between(pairsSql({ ...hour, time }, 'buckets')));
  const parts = Math.ceil(rows / most);
  try {
    const ids = (where: string) =>
      PAIRS_OF.map((kind) => `SELECT connection_id FROM ${kind} WHERE ${time} AND ${where}`).join(' UNION ALL ');
    const ranges = await hostRanges(engine, counts, rows, most);
    for (const range of await connectionRanges(engine, ranges, ids, most))
      await engine.fill(endsAside(version, parts, endsSql({ ...hour, time: `${time} AND ${range}` }, 'buckets')));
    for (const { part, ends } of await partsOf(engine, version, parts)) {
      const slices = slicesOf(ends, most);
      if (slices.length === 1) {
        await edges(between(pairsOfEnds(endsIn(version, part), 'buckets')));
        continue;
      }
      for (const slice of slices)
        await engine.fill(betweenAside(version, part, between(pairsOfEnds(endsIn(version, part, slice), 'buckets'))));
      await edges(betweenIn(version, part));
    }
  } finally {
    for (const table of ['map_sliced_end', 'map_between']) await engine.define(`ALTER TABLE ${table} DROP PARTITION ${version}`);
  }
}

/** How many ends each part of the hour has. */
const partsOf = (engine: Building, version: bigint, parts: number): Promise<{ part: number; ends: number }[]> =>
  engine.query(`SELECT part, count() AS ends FROM map_sliced_end WHERE build = ${version} GROUP BY part ORDER BY part`, {}, parts);

type Slices = { from: number; to: number };

/** The slices of a part with so many ends that one statement takes together, if they have about as many each. */
function slicesOf(ends: number, most: number): Slices[] {
  const count = Math.min(SLICES, Math.max(1, Math.ceil(ends / most)));
  const at = (index: number) => Math.floor((index * SLICES) / count);
  return Array.from({ length: count }, (_, index) => ({ from: at(index), to: at(index + 1) }));
}

const END_COLUMNS = {
  host_key: 'host_key',
  connection_key: 'connection_key',
  owner: 'tuple(comm, cgroup_id)',
  ends: 'tuple(role, local_addr, local_port, peer_addr, peer_port)',
} as const;
const PLAIN_COLUMNS = ['last', ...PAIR_FIGURES, 'rtt', 'over'] as const;

const endsAside = (version: bigint, parts: number, ends: string): Filling => ({
  into: `map_sliced_end (build, part, slice, host_key, connection_key, comm, cgroup_id, role, local_addr, local_port, peer_addr, peer_port, ${PLAIN_COLUMNS.join(', ')})`,
  select: `SELECT toUInt64(${version}), part, slice, host_key, connection_key, owner.1, owner.2, ends.1, ends.2, ends.3, ends.4, ends.5, ${PLAIN_COLUMNS.join(', ')}
FROM (${partedEnds(ends, parts)})`,
});

/** The ends that were put aside, with the columns of `endsSql`. */
function endsIn(version: bigint, part: number, { from, to }: Slices = { from: 0, to: SLICES }): string {
  const columns = Object.entries(END_COLUMNS).map(([name, of]) => `${of} AS ${name}`);
  return `SELECT ${columns.join(', ')}, ${PLAIN_COLUMNS.join(', ')}, true AS fits FROM map_sliced_end WHERE build = ${version} AND part = ${part} AND slice >= ${from} AND slice < ${to}`;
}

const SIDES = ['client', 'server'] as const;
const BETWEEN_COLUMNS = [...BETWEEN, 'last', ...EDGE_SUMS, ...SIDES.map((side) => `${side}_rtt`)].join(', ');

const betweenAside = (version: bigint, part: number, between: string): Filling => ({
  into: `map_between (build, part, ${BETWEEN_COLUMNS})`,
  select: `SELECT toUInt64(${version}), toUInt32(${part}), ${BETWEEN_COLUMNS} FROM (${between})`,
});

const betweenIn = (version: bigint, part: number): string =>
  `SELECT ${BETWEEN_COLUMNS} FROM map_between WHERE build = ${version} AND part = ${part}`;

const RTTS = SIDES.map((side) => `sumMap(${side}_rtt) AS ${side}_rtts`);
const COLUMNS = SIDES.flatMap((side) => [`${side}_host`, `${side}_comm`, `${side}_cgroup`, `${side}_network`]);

function hourOf(start_s: number, version: bigint, edges: string): Filling {
  const ends = SIDES.flatMap((side) => [`${side}.1`, `${side}.2`, `${side}.3`, `${side}_network`]);
  return {
    into: `map_1h (start, version, ${COLUMNS.join(', ')}, server_port, both_ends, newest, ${EDGE_SUMS.join(', ')}, client_rtt, server_rtt)`,
    select: `SELECT toDateTime(${start_s}, 'UTC'), toUInt64(${version}), ${ends.join(', ')}, server_port, both_ends, last, ${EDGE_SUMS.join(', ')}, client_rtts, server_rtts
FROM (${edges})`,
  };
}
