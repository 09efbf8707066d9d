// Builds map_1h: the edges of the map by hour, so that a long range need not match the two ends of all its connections. An hour is built
// from rows once it is over, and built again when its minutes have more rows than before. Where one statement cannot take an hour's rows, its
// connections' ends are first put aside (map_end), by hosts and connections, and then matched, by addresses and port: so each row is read once.
import type { Engine, Filling } from './engine.ts';
import { connectionRanges, hostRanges } from './host-ranges.ts';
import { EVERYTHING } from './language/condition.ts';
import { Params } from './language/params.ts';
import { newVersion, publish, published } from './published.ts';
import { EDGE_SUMS, edgesSql } from './queries/map-edges.ts';
import { endsSql, PAIR_FIGURES, PAIRS_OF, pairsOfEnds, pairsSql, partedEnds } from './queries/pairs.ts';
import { rowsTime } from './queries/window.ts';
import { Superseded } from './superseded.ts';

const HOUR_S = 3600;
/** Approximate number of rows that one statement reads: each takes memory meanwhile, and inserts have to wait. */
const ROWS_A_STATEMENT = 500_000;

/** An hour, and the number of rows behind its minutes. */
export type MapHour = { start_s: number; rolled_rows: number };

export class MapHours {
  readonly #engine: Pick<Engine, 'query' | 'command' | 'fill' | 'define'>;
  readonly #rows_a_statement: number;
  readonly #superseded: Superseded;

  /** @param rows_a_statement about how many rows a statement reads */
  constructor(engine: Pick<Engine, 'query' | 'command' | 'fill' | 'define'>, rows_a_statement = ROWS_A_STATEMENT) {
    this.#engine = engine;
    this.#rows_a_statement = rows_a_statement;
    this.#superseded = new Superseded(engine, 'map', 'map_1h');
  }

  /** Builds hours that are missing or have more rows than when they were built, oldest first. */
  async refresh(hours: readonly MapHour[], now_ms: number): Promise<void> {
    const [first, last] = [hours[0], hours.at(-1)];
    if (!first || !last) return;
    const known = new Map((await published(this.#engine, 'map', first.start_s, last.start_s + 1)).map((hour) => [hour.start_s, hour]));
    for (const hour of hours) {
      const before = known.get(hour.start_s);
      if (before !== undefined && hour.rolled_rows <= before.rolled_rows) continue;
      const version = newVersion(now_ms, before ? [before.version] : []);
      await this.#build(hour.start_s, version);
      // Published with the count from before the build: if rows came meanwhile, the hour is built once more.
      await publish(this.#engine, 'map', [{ ...hour, version }]);
      if (before !== undefined) this.#superseded.add(hour.start_s);
    }
  }

  removeSuperseded(now_ms: number): Promise<void> {
    return this.#superseded.remove(now_ms);
  }

  async #build(start_s: number, version: bigint): Promise<void> {
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
    const [counted] = await this.#engine.query<{ rows: number }>(`SELECT sum(n) AS rows FROM (${counts})`, {}, 1);
    const rows = counted?.rows ?? 0;
    const most = this.#rows_a_statement;
    const edges = (pairs: string) => this.#engine.fill(buildHour(start_s, version, edgesSql(pairs, RTTS)));
    if (rows <= most) return edges(pairsSql({ ...hour, time }, 'buckets'));
    const parts = Math.ceil(rows / most);
    try {
      const ids = (where: string) =>
        PAIRS_OF.map((kind) => `SELECT connection_id FROM ${kind} WHERE ${time} AND ${where}`).join(' UNION ALL ');
      const ranges = await hostRanges(this.#engine, counts, rows, most);
      for (const range of await connectionRanges(this.#engine, ranges, ids, most))
        await this.#engine.fill(setAside(version, parts, endsSql({ ...hour, time: `${time} AND ${range}` }, 'buckets')));
      for (let part = 0; part < parts; part++) await edges(pairsOfEnds(endsAside(version, part), 'buckets'));
    } finally {
      await this.#engine.define(`ALTER TABLE map_end DROP PARTITION ${version}`);
    }
  }
}

const END_COLUMNS = {
  host_key: 'host_key',
  connection_key: 'connection_key',
  owner: 'tuple(comm, cgroup_id)',
  ends: 'tuple(role, local_addr, local_port, peer_addr, peer_port)',
} as const;
const PLAIN_COLUMNS = ['last', ...PAIR_FIGURES, 'rtt', 'over'] as const;

/** Puts ends aside in map_end, each in its part: both ends of a connection are in the same. */
const setAside = (version: bigint, parts: number, ends: string): Filling => ({
  into: `map_end (build, part, host_key, connection_key, comm, cgroup_id, role, local_addr, local_port, peer_addr, peer_port, ${PLAIN_COLUMNS.join(', ')})`,
  select: `SELECT toUInt64(${version}), part, host_key, connection_key, owner.1, owner.2, ends.1, ends.2, ends.3, ends.4, ends.5, ${PLAIN_COLUMNS.join(', ')}
FROM (${partedEnds(ends, parts)})`,
});

/** The ends of a part, with the columns of `endsSql`. */
function endsAside(version: bigint, part: number): string {
  const columns = Object.entries(END_COLUMNS).map(([name, of]) => `${of} AS ${name}`);
  return `SELECT ${columns.join(', ')}, ${PLAIN_COLUMNS.join(', ')}, true AS fits FROM map_end WHERE build = ${version} AND part = ${part}`;
}

const SIDES = ['client', 'server'] as const;
const RTTS = SIDES.map((side) => `sumMap(${side}_rtt) AS ${side}_rtts`);
const COLUMNS = SIDES.flatMap((side) => [`${side}_host`, `${side}_comm`, `${side}_cgroup`, `${side}_network`]);

function buildHour(start_s: number, version: bigint, edges: string): Filling {
  const ends = SIDES.flatMap((side) => [`${side}.1`, `${side}.2`, `${side}.3`, `${side}_network`]);
  return {
    into: `map_1h (start, version, ${COLUMNS.join(', ')}, server_port, both_ends, newest, ${EDGE_SUMS.join(', ')}, client_rtt, server_rtt)`,
    select: `SELECT toDateTime(${start_s}, 'UTC'), toUInt64(${version}), ${ends.join(', ')}, server_port, both_ends, last, ${EDGE_SUMS.join(', ')}, client_rtts, server_rtts
FROM (${edges})`,
  };
}
