// The map: workloads and networks, and the traffic between them. A connection counts once, even if both ends saw it.
import type { MAP_HARMS, MapEdge, MapNode, WorkloadMap } from '../../api/map.ts';
import { SEGMENTS_MIN } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
import type { Namer } from '../language/names.ts';
import { completenessWithin } from './accounts.ts';
import { plainNetwork } from './address.ts';
import { betweenSql, edgesSql } from './map-edges.ts';
import { edgesOfHours, entriesToRead, hoursOf } from './map-of-hours.ts';
import { PAIRS_OF, pairsSql, unfiltered } from './pairs.ts';
import { rowsToRead } from './rows-to-read.ts';
import { type Asked, type Window, windowOf } from './window.ts';

export type MapHarm = (typeof MAP_HARMS)[number];
export type MapAsked = { harm: MapHarm; limit: number; rows_max?: number };

/** Limit of rows: each connection takes some hundred bytes while its ends are matched. */
const ROWS_MAX = 2_000_000;

const ORDER = {
  lost_ratio: `ifNull(lost_ratio, -1) - if(data_segs_out < ${SEGMENTS_MIN}, 2, 0)`,
  failed: 'failed',
  resets: 'resets',
  rtt_p99_us: 'ifNull(rtt_p99_us, -1)',
  bytes: 'bytes',
} as const satisfies Record<MapHarm, string>;

/** An expression over the sums of an edge. */
const LOST_RATIO = 'if(data_segs_out > 0, toUInt64(greatest(toInt64(resent) - toInt64(needless), 0)) / data_segs_out, NULL) AS lost_ratio';
/** The p99 of the client's end, or else of the server's; NULL if neither end measured. */
const RTT_P99 = 'if(isNaN(client_p99), if(isNaN(server_p99), NULL, server_p99), client_p99) AS rtt_p99_us';

function edgesOfRows(window: Window): string {
  const rtts = SIDES.map((side) => `quantilesMerge(0.5, 0.99)(${side}_rtt)[2] AS ${side}_p99`);
  return `SELECT *, over + open AS connections, ${LOST_RATIO}, ${RTT_P99} FROM (${edgesSql(betweenSql(pairsSql(window), 'quantiles'), rtts)})`;
}

const SIDES = ['client', 'server'] as const;
type SideOf<Name extends string, Side extends string = (typeof SIDES)[number]> = `${Side}_${Name}`;
type Row = Omit<MapEdge, 'from' | 'to'> &
  Record<SideOf<'host_id' | 'host_name' | 'comm' | 'container' | 'address'>, string> & { total: number };

async function edgeRows(
  store: Queryable,
  edges: string,
  window: Window,
  { harm, limit }: Pick<MapAsked, 'harm' | 'limit'>,
): Promise<Row[]> {
  const named = SIDES.flatMap((side) => [
    `toString(g.${side}.1) AS ${side}_host_id`,
    `if(g.${side}.1 = 0, '', ${hostName(`g.${side}.1`)}) AS ${side}_host_name`,
    `g.${side}.2 AS ${side}_comm`,
    `${containerName(`g.${side}.1`, `g.${side}.3`)} AS ${side}_container`,
    `toString(${side}_network) AS ${side}_address`,
  ]);
  const sql = `SELECT ${named.join(', ')}, server_port AS port, both_ends, connections, failed, resets, bytes, data_segs_out, lost_ratio, rtt_p99_us, count() OVER () AS total
FROM (${edges}) AS g
ORDER BY ${ORDER[harm]} DESC, bytes DESC, client_host_id, client_comm, client_container, client_address, server_host_id, server_comm, server_container, server_address, port
LIMIT {limit:UInt32}`;
  return store.query<Row>(sql, { ...window.params.values, limit }, limit);
}

/** @throws Refusal `range_too_wide` */
export async function workloadMap(
  { store, labels }: Pick<Namer, 'labels'> & { store: Queryable },
  range: Asked,
  { harm, limit, rows_max = ROWS_MAX }: MapAsked,
  now_ms: number,
): Promise<WorkloadMap> {
  const asked = windowOf(range, now_ms);
  const hours = asked.source === 'rows' ? undefined : await hoursOf(store, asked);
  const window = hours?.window ?? asked;
  const [rows_read, entries] = await Promise.all([
    rowsToRead(store, unfiltered(hours?.rest ?? window), PAIRS_OF, rows_max),
    hours ? entriesToRead(store, hours) : 0,
  ]);
  const from = hours ? edgesOfHours(hours, LOST_RATIO, RTT_P99) : edgesOfRows(window);
  const [rows, { completeness }] = await Promise.all([edgeRows(store, from, window, { harm, limit }), completenessWithin(store, window)]);
  const nodes = new Nodes(labels());
  const edges = rows.map(
    ({ port, both_ends, connections, failed, resets, bytes, data_segs_out, lost_ratio, rtt_p99_us, ...row }): MapEdge => {
      const [from, to] = [nodes.of(row, 'client'), nodes.of(row, 'server')];
      return { from, to, port, both_ends: Boolean(both_ends), connections, failed, resets, bytes, data_segs_out, lost_ratio, rtt_p99_us };
    },
  );
  return {
    from_ms: window.from_ms,
    to_ms: window.to_ms,
    nodes: nodes.all,
    edges,
    total: rows[0]?.total ?? 0,
    rows_read: rows_read + entries,
    completeness,
  };
}

/** Collects the nodes: each once, however many edges it has. */
class Nodes {
  readonly all: MapNode[] = [];
  readonly #places = new Map<string, number>();
  readonly #labels: ReturnType<Namer['labels']>;

  constructor(labels: ReturnType<Namer['labels']>) {
    this.#labels = labels;
  }

  of(row: Record<SideOf<'host_id' | 'host_name' | 'comm' | 'container' | 'address'>, string>, side: (typeof SIDES)[number]): number {
    const id = row[`${side}_host_id`];
    const host_id = id === '0' ? null : id;
    const [comm, container] = [row[`${side}_comm`], row[`${side}_container`]];
    const network = plainNetwork(row[`${side}_address`]);
    const key = [id, comm, container, host_id === null ? network : ''].join('\n');
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const labels = host_id === null ? {} : { ...this.#labels.get(host_id) };
    this.all.push({ host_id, host: row[`${side}_host_name`], comm, container, network, labels });
    this.#places.set(key, this.all.length - 1);
    return this.all.length - 1;
  }
}
