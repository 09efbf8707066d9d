// What the rows of a guest add up to, and beside it what its kernel counted over the same time.
import type { Class, ConnectionRow } from '../../bpf/rows/rows.gen.ts';
import type { Report } from './report.ts';

export type Compared = { rows: number; kernel: number };

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** Ends of connections: each connection has one row that is no open. */
export const endsOf = ({ rows }: Report): ConnectionRow[] => rows.connection.filter(({ event }) => event !== 'open');

/**
 * When two CPUs answer one handshake at once each makes a socket, and the second is closed before anybody has it. The
 * kernel counts it as opened and not as failed; its row says that nobody gave up, and the other's has the same ports.
 */
const isTwin = (ends: readonly ConnectionRow[]) => (row: ConnectionRow) =>
  row.role === 'server' &&
  row.event === 'failed' &&
  row.end_reason === 'unknown' &&
  row.sk_err === 0 &&
  ends.some((other) => other !== row && other.role === 'server' && other.netns === row.netns && hasPortsOf(other, row));

const hasPortsOf = (one: ConnectionRow, other: ConnectionRow) => one.local_port === other.local_port && one.peer_port === other.peer_port;

/** How many connections began, failed and broke off. */
export function connectionAccount(report: Report): Record<string, Compared> {
  // One that had no port left the kernel does not call a try.
  const ends = endsOf(report).filter(({ end_reason }) => end_reason !== 'no_port');
  const twin = isTwin(ends);
  const count = (test: (row: ConnectionRow) => boolean, counter: string): Compared => ({
    rows: ends.filter(test).length,
    kernel: report.kernel[counter] ?? Number.NaN,
  });
  return {
    opened: count(({ role }) => role === 'client', 'TcpActiveOpens'),
    accepted: count(({ role }) => role === 'server', 'TcpPassiveOpens'),
    failed: count((row) => row.event === 'failed' && !twin(row), 'TcpAttemptFails'),
    reset: count(({ event, end_reason }) => event === 'close' && /^rst_/.test(end_reason), 'TcpEstabResets'),
  };
}

/** Segments that were sent again, rows and unattributed together: equal to the unit. */
export function retransmitAccount(report: Report): Compared & { unattributed: number } {
  const counted = report.rows.retransmit.filter(({ outcome }) => outcome !== 'refused');
  const unattributed = sum(endsOf(report).map((row) => row.unattributed));
  return {
    rows: sum(counted.map(({ segments }) => segments)) + unattributed,
    kernel: report.kernel['TcpRetransSegs'] ?? Number.NaN,
    unattributed,
  };
}

/**
 * The same by class; timeouts are events, the rest segments. TcpExtTCPTimeouts counts the timers of SYN-ACKs too, so
 * timeouts are compared with another counter: every other timeout makes the socket choose a new hash for its path.
 */
export function classAccount(report: Report): Record<string, Compared> {
  const attempts = report.rows.retransmit;
  const counted = attempts.filter(({ outcome }) => outcome !== 'refused');
  const segments = (...classes: Class[]) => sum(counted.filter((row) => classes.includes(row.class)).map((row) => row.segments));
  const kernel = (counter: string) => report.kernel[`TcpExt${counter}`] ?? Number.NaN;
  return {
    syn: { rows: segments('syn', 'syn_ack'), kernel: kernel('TCPSynRetrans') },
    fast: { rows: segments('fast'), kernel: kernel('TCPFastRetrans') },
    slow_start: { rows: segments('slow_start'), kernel: kernel('TCPSlowStartRetrans') },
    timeouts: { rows: attempts.filter((row) => row.class === 'rto' || row.class === 'syn').length, kernel: kernel('TcpTimeoutRehash') },
    unclassed: { rows: segments('unknown'), kernel: 0 },
  };
}

type Ports = Pick<ConnectionRow, 'local_port' | 'peer_port'>;
/** A client's port alone may be in use over IPv4 and IPv6 at once. */
export const portsOf = ({ local_port, peer_port }: Ports): string => `${local_port}>${peer_port}`;
const reversed = ({ local_port, peer_port }: Ports): Ports => ({ local_port: peer_port, peer_port: local_port });

/** Payload of each connection that sent and received what it should: by its client's ports, as rows of both ends have it. */
export function payloadOf(report: Report, role: 'client' | 'server'): Map<string, { sent: number; received: number }> {
  const ends = endsOf(report).filter((row) => row.role === role);
  return new Map(
    ends.map((row) => [
      portsOf(role === 'client' ? row : reversed(row)),
      { sent: row.bytes_sent - row.bytes_retrans, received: row.bytes_received },
    ]),
  );
}

/** Received payload by connection: of all its samples and the rest that its end row reports, and of the end row as a whole. */
export function sampledPayload(report: Report): { sampled: number; whole: number }[] {
  const samples = Map.groupBy(report.rows.sample, ({ connection_id }) => connection_id);
  const ends = endsOf(report);
  const twin = isTwin(ends); // both have the handshake's cookie, and one the samples
  return ends
    .filter((row) => !twin(row))
    .map((row) => ({
      sampled: sum((samples.get(row.connection_id) ?? []).map(({ bytes_received }) => bytes_received)) + row.bytes_received_rest,
      whole: row.bytes_received,
    }));
}
