// Builds map_1h: the edges of the map by hour, so that a long range need not match the two ends of all its connections. An hour is built
// from rows once it is over, and built again when its minutes have more rows than before.
import type { Engine, Filling } from './engine.ts';
import { EVERYTHING } from './language/condition.ts';
import { Params } from './language/params.ts';
import { newVersion, publish, published } from './published.ts';
import { EDGE_SUMS, edgesSql } from './queries/map-edges.ts';
import { PAIRS_OF } from './queries/pairs.ts';
import { rowsTime } from './queries/window.ts';
import { Superseded } from './superseded.ts';

const HOUR_S = 3600;
/** Rows in which one statement matches ends: each connection takes some hundred bytes of memory meanwhile. */
const ROWS_A_STATEMENT = 1_000_000;

/** An hour, and the number of rows behind its minutes. */
export type MapHour = { start_s: number; rolled_rows: number };

export class MapHours {
  readonly #engine: Pick<Engine, 'query' | 'command' | 'fill' | 'define'>;
  readonly #superseded: Superseded;

  constructor(engine: Pick<Engine, 'query' | 'command' | 'fill' | 'define'>) {
    this.#engine = engine;
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
    const counts = PAIRS_OF.map((kind) => `SELECT count() AS n FROM ${kind} WHERE ${time}`).join(' UNION ALL ');
    const [counted] = await this.#engine.query<{ rows: number }>(`SELECT sum(n) AS rows FROM (${counts})`, {}, 1);
    const parts = Math.max(1, Math.ceil((counted?.rows ?? 0) / ROWS_A_STATEMENT));
    const window = {
      from_ms,
      to_ms,
      step_s: HOUR_S,
      span_ms: HOUR_S * 1000,
      source: 'rows',
      filter: EVERYTHING,
      params: new Params(),
    } as const;
    for (let part = 0; part < parts; part++) {
      // Split so that both ends of a connection, and all connections between the same addresses, are in the same part.
      const some = `cityHash64(least(local_addr, peer_addr), greatest(local_addr, peer_addr)) % ${parts} = ${part}`;
      await this.#engine.fill(
        buildHour(start_s, version, edgesSql({ ...window, time: parts === 1 ? time : `${time} AND ${some}` }, 'buckets', RTTS)),
      );
    }
  }
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
