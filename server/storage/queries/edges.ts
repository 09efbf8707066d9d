// Edges: process → peer:port, with figures.
import { type EDGE_SORTS, type Edge, type Edges, SEGMENTS_MIN } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
import { type Figure, LOST, RETRANS, RETRANS_FIGURES, SERVICE_PORT } from '../figures.ts';
import { plainAddress, plainNetwork } from './address.ts';
import { type Cover, cover } from './cover.ts';
import { answeredBy, figuresBy, type Keys, RTT_P99 } from './figures-by.ts';
import { limitsOf } from './limits.ts';
import { ratesOf, retransmitRatio } from './series.ts';
import { secondsOf, watchedSteps } from './watched.ts';
import { type Asked, type Window, windowOf } from './window.ts';

type EdgeSort = (typeof EDGE_SORTS)[number];

const same = (expression: string) => ({ rows: expression, rollup: expression });
const KEYS = {
  host_key: same('host_id'),
  comm: same('comm'),
  container: same(containerName('host_id', 'cgroup_id')),
  role: same('role'),
  peer: { rows: 'peer_addr', rollup: 'peer_network' },
  port: { rows: SERVICE_PORT, rollup: 'service_port' },
  /** the edge of all others, whose keys hours and days do not have */
  is_others: { rows: 'false', rollup: 'others' },
} as const satisfies Keys;

/** The figure for each sort order, the largest first. Edges without the figure, or with too little behind it, come last. */
const ORDER = {
  retrans: 'retrans',
  // Below 0 for edges with too few segments, ordered by their share; edges without segments come last.
  retransmit_ratio: `if(data_segs_out > 0, ${LOST} / data_segs_out, -1) - if(data_segs_out < ${SEGMENTS_MIN}, 2, 0)`,
  connections_per_s: 'opened',
  rtt_p99_us: 'if(isNaN(rtt_p99_us), -1, rtt_p99_us)',
  failed: 'failed',
  resets: 'resets',
  bytes: 'bytes_sent + bytes_received',
  turn_max_us: 'turn_max_us',
  stall_max_us: 'stall_max_us',
} as const satisfies Record<EdgeSort, string>;

/** Figures of connections. Figures of hosts and listeners belong to no edge. */
const SHOWN = [
  ...RETRANS_FIGURES,
  'retrans_refused',
  'opened',
  'closed',
  'failed',
  'resets',
  'data_segs_out',
  'retrans_data',
  'spurious',
  'bytes_sent',
  'bytes_received',
  'busy_us',
  'rwnd_limited_us',
  'sndbuf_limited_us',
  'local_limited_us',
  'sampled_us',
  'turn_max_us',
  'stall_max_us',
] as const satisfies readonly Figure[];

/** An edge needs one of these. Resets, drops and listeners alone make no edge. */
const CARRIED = `opened + closed + failed + sampled_us + ${RETRANS} + retrans_refused > 0`;

type EdgeRow = Record<(typeof SHOWN)[number] | 'retrans' | 'total', number> &
  Pick<Edge, 'host_id' | 'host' | 'comm' | 'container' | 'role' | 'peer_addr' | 'port' | 'others' | 'rtt_p99_us'>;

/** The `limit` largest edges by `sort`. If a rollup answers, peers are networks, and the edge of all others comes last. */
export async function edges(
  store: Queryable,
  asked: Asked,
  { sort, limit }: { sort: EdgeSort; limit: number },
  now_ms: number,
): Promise<Edges> {
  const window = windowOf(asked, now_ms);
  const sql = edgesSql(window, await cover(store, window), sort);
  const [rows, watched] = await Promise.all([
    store.query<EdgeRow>(sql, { ...window.params.values, limit }, limit),
    watchedSteps(store, window),
  ]);
  const span_s = ratesOf(secondsOf(watched, window), window);
  return { edges: rows.map((row) => edgeOf(row, window, span_s)), total: rows[0]?.total ?? 0 };
}

function edgesSql(window: Window, covered: Cover | undefined, sort: EdgeSort): string {
  return `SELECT toString(e.host_key) AS host_id, ${hostName('e.host_key')} AS host, comm, container, role, toString(peer) AS peer_addr, port, is_others AS others,
  ${SHOWN.join(', ')}, ${RETRANS} AS retrans, ${RTT_P99[answeredBy(window)]} AS rtt_p99_us, count() OVER () AS total
FROM (${figuresBy(KEYS, SHOWN, window, covered)}) AS e
WHERE ${CARRIED}
ORDER BY is_others, ${ORDER[sort]} DESC, bytes_sent + bytes_received DESC, host_id, comm, peer_addr, port, role
LIMIT {limit:UInt32}`;
}

function edgeOf(row: EdgeRow, { source }: Window, span_s: number): Edge {
  const { host_id, host, comm, container, role, port, others, opened, failed, resets, data_segs_out, retrans, rtt_p99_us } = row;
  const { turn_max_us, stall_max_us } = row;
  return {
    host_id,
    host,
    comm,
    container,
    role,
    peer_addr: others ? '' : source === 'rows' ? plainAddress(row.peer_addr) : plainNetwork(row.peer_addr),
    port,
    others,
    connections_per_s: opened / span_s,
    opened,
    failed,
    resets,
    data_segs_out,
    retrans,
    retransmit_ratio: retransmitRatio(row),
    rtt_p99_us,
    turn_max_us,
    stall_max_us,
    bytes: row.bytes_sent + row.bytes_received,
    limits: limitsOf(row),
  };
}
