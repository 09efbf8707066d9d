// The map: workloads and networks, and what there is between each two. What both ends of a connection saw is one.
import type { MAP_HARMS, MapEdge, MapNode, WorkloadMap } from '../../api/map.ts';
import { SEGMENTS_MIN } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
import { isIPv4 } from '../figures.ts';
import type { Namer } from '../language/names.ts';
import { completenessWithin } from './accounts.ts';
import { plainNetwork } from './address.ts';
import { PAIRS_OF, pairsSql, unfiltered } from './pairs.ts';
import { rowsToRead } from './rows-to-read.ts';
import { type Asked, type Window, windowOf } from './window.ts';

export type MapHarm = (typeof MAP_HARMS)[number];
export type MapAsked = { harm: MapHarm; limit: number; rows_max?: number };

/** Each connection takes some hundred bytes while both ends are looked for. */
const ROWS_MAX = 2_000_000;

const ORDER = {
  lost_ratio: `ifNull(lost_ratio, -1) - if(data_segs_out < ${SEGMENTS_MIN}, 2, 0)`,
  failed: 'failed',
  resets: 'resets',
  rtt_p99_us: 'ifNull(rtt_p99_us, -1)',
  bytes: 'bytes',
} as const satisfies Record<MapHarm, string>;

const networkOf = (address: string) => `tupleElement(IPv6CIDRToRange(${address}, if(${isIPv4(address)}, 120, 64)), 1)`;
/**
 * Whose the other end is where only the client was seen: that of the connections between the same addresses of which both were. A connect
 * that fails reaches nobody who could tell.
 */
const RECOGNIZED = (pairs: string) => `SELECT *, client_ends > 0 AND server_ends > 0 AS is_whole,
    max(is_whole) OVER between AS is_known, argMaxIf((server_host, server_owner), newest, is_whole) OVER between AS known
  FROM (${pairs}) WINDOW between AS (PARTITION BY client_ends > 0, client_host, client_addr, server_addr, server_port)`;

/** What one side is: a host's process and control group, or the network of an address that no agent watches. */
const nodeOf = (side: 'client' | 'server') =>
  `multiIf(${side}_ends > 0, (${side}_host, ${side}_owner.1, ${side}_owner.2, toIPv6('::')), ${side === 'server' ? "is_known, (known.1, known.2.1, known.2.2, toIPv6('::')), " : ''}(toUInt64(0), toFixedString('', 16), toUInt64(0), ${networkOf(`${side}_addr`)}))`;
/** Of the end that connected, else of the other. */
const oneSide = (name: string) => `if(client_ends > 0, client_${name}, server_${name})`;

const EDGES = (window: Window) => `SELECT ${nodeOf('client')} AS client, ${nodeOf('server')} AS server, server_port,
    argMax(${networkOf('client_addr')}, newest) AS client_network, argMax(${networkOf('server_addr')}, newest) AS server_network,
    max(is_whole) AS both_ends, sum(${oneSide('ends')}) AS connections, sum(client_failed) AS failed, sum(${oneSide('resets')}) AS resets,
    sum(${oneSide('bytes_sent')} + ${oneSide('bytes_received')}) AS bytes, sum(client_data_segs_out + server_data_segs_out) AS data_segs_out,
    sum(client_retrans_data + server_retrans_data) AS resent, sum(client_spurious + server_spurious) AS needless,
    if(data_segs_out > 0, toUInt64(greatest(toInt64(resent) - toInt64(needless), 0)) / data_segs_out, NULL) AS lost_ratio,
    quantilesMerge(0.5, 0.99)(client_rtt)[2] AS client_p99, quantilesMerge(0.5, 0.99)(server_rtt)[2] AS server_p99,
    if(isNaN(client_p99), if(isNaN(server_p99), NULL, server_p99), client_p99) AS rtt_p99_us
  FROM (${RECOGNIZED(pairsSql(window))}) GROUP BY client, server, server_port`;

const SIDES = ['client', 'server'] as const;
type SideOf<Name extends string, Side extends string = (typeof SIDES)[number]> = `${Side}_${Name}`;
type Row = Omit<MapEdge, 'from' | 'to'> &
  Record<SideOf<'host_id' | 'host_name' | 'comm' | 'container' | 'address'>, string> & { total: number };

async function edgeRows(store: Queryable, window: Window, harm: MapHarm, limit: number): Promise<Row[]> {
  const named = SIDES.flatMap((side) => [
    `toString(g.${side}.1) AS ${side}_host_id`,
    `if(g.${side}.1 = 0, '', ${hostName(`g.${side}.1`)}) AS ${side}_host_name`,
    `g.${side}.2 AS ${side}_comm`,
    `${containerName(`g.${side}.1`, `g.${side}.3`)} AS ${side}_container`,
    `toString(${side}_network) AS ${side}_address`,
  ]);
  const sql = `SELECT ${named.join(', ')}, server_port AS port, both_ends, connections, failed, resets, bytes, data_segs_out, lost_ratio, rtt_p99_us, count() OVER () AS total
FROM (${EDGES(window)}) AS g
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
  const window = windowOf(range, now_ms, 'rows');
  const rows_read = await rowsToRead(store, unfiltered(window), PAIRS_OF, rows_max);
  const [rows, { completeness }] = await Promise.all([edgeRows(store, window, harm, limit), completenessWithin(store, window)]);
  const nodes = new Nodes(labels());
  const edges = rows.map(
    ({ port, both_ends, connections, failed, resets, bytes, data_segs_out, lost_ratio, rtt_p99_us, ...row }): MapEdge => {
      const [from, to] = [nodes.of(row, 'client'), nodes.of(row, 'server')];
      return { from, to, port, both_ends: Boolean(both_ends), connections, failed, resets, bytes, data_segs_out, lost_ratio, rtt_p99_us };
    },
  );
  return { from_ms: window.from_ms, to_ms: window.to_ms, nodes: nodes.all, edges, total: rows[0]?.total ?? 0, rows_read, completeness };
}

/** Each node once, however many edges it has. */
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
