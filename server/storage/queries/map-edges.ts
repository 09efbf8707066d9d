// Builds the map's edges from rows: the traffic between each two workloads, or networks where an end is not watched.
import { networkOf } from '../figures.ts';
import { type Rtts, togetherOf } from './pairs.ts';

/** What is the same of all connections in a line of `betweenSql`. */
export const BETWEEN = [
  'client_seen',
  'client_host',
  'client_owner',
  'client_addr',
  'server_seen',
  'server_host',
  'server_owner',
  'server_addr',
  'server_port',
] as const;

/** The sums of an edge, beside its RTTs. `open`: connections that have not ended. */
export const EDGE_SUMS = ['over', 'open', 'failed', 'resets', 'bytes', 'data_segs_out', 'resent', 'needless'] as const;

/** The value of the client's end, or of the server's where the client's was not seen. */
const oneSide = (name: string) => `if(client_ends > 0, client_${name}, server_${name})`;

/**
 * A SELECT of a line for all connections that have BETWEEN in common: last (time of the newest row), the sums, client_rtt and server_rtt.
 * @param pairs a SELECT of connections, as of pairsSql: several such SELECTs may share them out
 * @param open_from a connection counts as open if it has a row since this time; undefined: always
 */
export function betweenSql(pairs: string, rtts: Rtts, open_from?: string): string {
  const isOpen = open_from === undefined ? '' : ` * (newest >= ${open_from})`;
  return `SELECT client_ends > 0 AS client_seen, client_host, client_owner, client_addr, server_ends > 0 AS server_seen, server_host, server_owner,
    server_addr, server_port, max(newest) AS last,
    sum(${oneSide('over')}) AS over, sum(toUInt64(${oneSide('ends')} - ${oneSide('over')})${isOpen}) AS open,
    sum(client_failed) AS failed, sum(${oneSide('resets')}) AS resets,
    sum(${oneSide('bytes_sent')} + ${oneSide('bytes_received')}) AS bytes, sum(client_data_segs_out + server_data_segs_out) AS data_segs_out,
    sum(client_retrans_data + server_retrans_data) AS resent, sum(client_spurious + server_spurious) AS needless,
    ${['client', 'server'].map((side) => `${togetherOf(rtts, `p.${side}_rtt`)} AS ${side}_rtt`).join(', ')}
  FROM (${pairs}) AS p GROUP BY ${BETWEEN.join(', ')}`;
}

/**
 * Where only the client's end was seen, the server is taken to be that of other connections between the same addresses of which both ends
 * were seen: a connect that fails leaves no row at the server.
 */
const RECOGNIZED = (between: string) => `SELECT *, client_seen AND server_seen AS is_whole,
    max(is_whole) OVER between AS is_known, argMaxIf((server_host, server_owner), last, is_whole) OVER between AS known
  FROM (${between}) WINDOW between AS (PARTITION BY client_seen, client_host, client_addr, server_addr, server_port)`;

/** What one side is: a host's process and control group, or the network of an address that no agent watches. */
const nodeOf = (side: 'client' | 'server') =>
  `multiIf(${side}_seen, (${side}_host, ${side}_owner.1, ${side}_owner.2, toIPv6('::')), ${side === 'server' ? "is_known, (known.1, known.2.1, known.2.2, toIPv6('::')), " : ''}(toUInt64(0), '', toUInt64(0), ${networkOf(`${side}_addr`)}))`;

/**
 * A SELECT of client and server (host, name, cgroup, network), server_port, their networks, last, both_ends and the sums.
 * @param between a SELECT as of betweenSql, of all connections between the addresses that it has
 * @param rtts expressions for the RTTs, over client_rtt and server_rtt of each line
 */
export function edgesSql(between: string, rtts: readonly string[]): string {
  return `SELECT ${nodeOf('client')} AS client, ${nodeOf('server')} AS server, server_port,
    argMax(${networkOf('client_addr')}, b.last) AS client_network, argMax(${networkOf('server_addr')}, b.last) AS server_network, max(b.last) AS last,
    max(is_whole) AS both_ends, ${EDGE_SUMS.map((name) => `sum(b.${name}) AS ${name}`).join(', ')}, ${rtts.join(', ')}
  FROM (${RECOGNIZED(between)}) AS b GROUP BY client, server, server_port`;
}
