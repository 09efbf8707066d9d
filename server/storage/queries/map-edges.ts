// Builds the map's edges from rows: the traffic between each two workloads, or networks where an end is not watched.
import { networkOf } from '../figures.ts';

/**
 * Where only the client's end was seen, the server is taken to be that of other connections between the same addresses of which both ends
 * were seen: a connect that fails leaves no row at the server.
 */
const RECOGNIZED = (pairs: string) => `SELECT *, client_ends > 0 AND server_ends > 0 AS is_whole,
    max(is_whole) OVER between AS is_known, argMaxIf((server_host, server_owner), newest, is_whole) OVER between AS known
  FROM (${pairs}) WINDOW between AS (PARTITION BY client_ends > 0, client_host, client_addr, server_addr, server_port)`;

/** What one side is: a host's process and control group, or the network of an address that no agent watches. */
const nodeOf = (side: 'client' | 'server') =>
  `multiIf(${side}_ends > 0, (${side}_host, ${side}_owner.1, ${side}_owner.2, toIPv6('::')), ${side === 'server' ? "is_known, (known.1, known.2.1, known.2.2, toIPv6('::')), " : ''}(toUInt64(0), '', toUInt64(0), ${networkOf(`${side}_addr`)}))`;
/** The value of the client's end, or of the server's where the client's was not seen. */
const oneSide = (name: string) => `if(client_ends > 0, client_${name}, server_${name})`;

/** The sums of an edge, beside its RTTs. `open`: connections that have not ended. */
export const EDGE_SUMS = ['over', 'open', 'failed', 'resets', 'bytes', 'data_segs_out', 'resent', 'needless'] as const;

/**
 * A SELECT of client and server (host, name, cgroup, network), server_port, their networks, last, both_ends and the sums.
 * @param pairs a SELECT of connections, as of pairsSql @param rtts expressions for the RTTs, over client_rtt and server_rtt of each connection
 * @param open_from a connection counts as open if it has a row since this time; undefined: always
 */
export function edgesSql(pairs: string, rtts: readonly string[], open_from?: string): string {
  const isOpen = open_from === undefined ? '' : ` * (newest >= ${open_from})`;
  return `SELECT ${nodeOf('client')} AS client, ${nodeOf('server')} AS server, server_port,
    argMax(${networkOf('client_addr')}, newest) AS client_network, argMax(${networkOf('server_addr')}, newest) AS server_network, max(newest) AS last,
    max(is_whole) AS both_ends, sum(${oneSide('over')}) AS over, sum(toUInt64(${oneSide('ends')} - ${oneSide('over')})${isOpen}) AS open,
    sum(client_failed) AS failed, sum(${oneSide('resets')}) AS resets,
    sum(${oneSide('bytes_sent')} + ${oneSide('bytes_received')}) AS bytes, sum(client_data_segs_out + server_data_segs_out) AS data_segs_out,
    sum(client_retrans_data + server_retrans_data) AS resent, sum(client_spurious + server_spurious) AS needless, ${rtts.join(', ')}
  FROM (${RECOGNIZED(pairs)}) GROUP BY client, server, server_port`;
}
