// Why a host's TCP sent a reset, by the kernel's reason and the socket's state.
import type { Rows } from '../../bpf/rows/rows.gen.ts';

export const RESET_CAUSES = [
  'closed_unread', // its application closed, or ended, with received data unread
  'data_after_close', // data came after its application had closed, or ended
  'linger', // its application asked for a reset: SO_LINGER with 0 seconds
  'aborted', // its application gave the connection up in a state in which only a reset is left to say
  'gave_up', // its kernel gave up: keepalive or user timeout
  'memory', // its kernel had no memory for the connection
  'connection_gone', // its kernel has no socket for what came: it was restarted, or its socket is long gone
  'stray', // the segment that came does not fit the connection's state
  'firewall', // netfilter of its host sent it, not TCP
  'device_between', // a device on the way sent it in the name of one end
  'not_known',
] as const;
export type ResetCause = (typeof RESET_CAUSES)[number];

/** Those which an application has brought about. */
export const BY_APPLICATION: ReadonlySet<ResetCause> = new Set(['closed_unread', 'data_after_close', 'linger', 'aborted']);

const BY_REASON: Readonly<Record<string, ResetCause>> = {
  tcp_abort_on_close: 'closed_unread',
  tcp_abort_on_data: 'data_after_close',
  tcp_abort_on_linger: 'linger',
  tcp_abort_on_memory: 'memory',
  tcp_keepalive_timeout: 'gave_up',
  tcp_state: 'aborted',
  tcp_disconnect_with_data: 'aborted',
  no_socket: 'connection_gone',
  tcp_timewait_socket: 'stray',
  invalid_syn: 'stray',
  tcp_invalid_ack_sequence: 'stray',
  tcp_ack_unsent_data: 'stray',
  tcp_too_old_ack: 'stray',
  tcp_old_ack: 'stray',
  tcp_rfc7323_paws: 'stray',
  tcp_flags: 'stray',
};

/** Why a reset was sent. `ended`: the close row of the connection that sent it; undefined: there is none. */
export function causeOfSent(row: Rows['reset'], ended: Rows['connection'] | undefined): ResetCause {
  if (row.has_socket && row.linger_zero) return 'linger';
  const cause = BY_REASON[row.reason];
  // The connection is in TIME_WAIT or gone, and this side had closed it first: the peer still had data to send.
  if ((cause === 'stray' || cause === 'connection_gone') && ended?.end_reason === 'fin_local' && isLate(row)) return 'data_after_close';
  if (cause !== undefined) return cause;
  // Kernels before 6.10 do not say why.
  if (row.has_socket && row.unread > 0 && CLOSES_FROM.has(row.state)) return 'closed_unread';
  return row.has_socket ? 'not_known' : 'connection_gone';
}

const CLOSES_FROM: ReadonlySet<Rows['reset']['state']> = new Set(['established', 'close_wait']);
const PSH = 8;
/** Whether the segment that provoked the reset brought data, as far as state and flags tell. */
const isLate = ({ state, tcp_flags }: Rows['reset']): boolean => state === 'time_wait' || (tcp_flags & PSH) !== 0;
