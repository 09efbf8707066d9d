// What a verdict on a failed connect says.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import type { Place } from './cause.ts';
import { SYN } from './ends.ts';
import { type Reference, referTo } from './evidence.ts';
import { ACK, type At, type Flow } from './flows.ts';
import type { Hosts } from './hosts.ts';

export const CONNECT_CAUSES = [
  'no_listener', // the peer's kernel answered with a RST, since nobody listened
  'rejected', // a firewall answered in the peer's place, with a RST or ICMP
  'dropped_here', // its own host did not let the SYN out
  'dropped_between', // a watched host on the way dropped the SYN
  'dropped_at_receiver', // the peer's host dropped the SYN
  'lost_outward', // no SYN came to the peer's host
  'lost_backward', // the peer's answer left its host and did not come
  'accept_queue_full', // the listener had no room for more
  'unreachable', // no route, or a router said so
  'no_port', // no local port was left
  'not_known',
] as const;
export type ConnectCause = (typeof CONNECT_CAUSES)[number];

export type ConnectFinding = {
  cause: ConnectCause;
  /** where it was refused or dropped; undefined: not known */
  place: Place | undefined;
  missing: string;
  rests_on: Reference[];
};

export type ConnectVerdict = ConnectFinding & {
  /** the connect's own row; of a client that nobody watches, the RST that its SYN was answered with */
  row: Rows['connection'] | Rows['reset'];
  /** the application closed the socket before the kernel gave up */
  given_up: boolean;
  peer_observed: boolean;
};

/** A connect that failed, with all that was seen of it. */
export type Failed = {
  row: Rows['connection'];
  flow: Flow;
  isn: number | undefined;
  /** SYNs as its own host's devices took them */
  sent: readonly Rows['packet'][];
  peer: At | undefined;
  hosts: Hosts;
  /** an attempt to send its SYN again that did not leave its host */
  kept: Rows['retransmit'] | undefined;
};

export type Row = Parameters<typeof referTo>[0];
export const found = (cause: Exclude<ConnectCause, 'not_known'>, rows: readonly Row[], place?: Place): ConnectFinding => ({
  cause,
  place,
  missing: '',
  rests_on: rows.map(referTo),
});
export const unknown = (missing: string, rows: readonly Row[]): ConnectFinding => ({
  cause: 'not_known',
  place: undefined,
  missing,
  rests_on: rows.map(referTo),
});
export function placeOf({ host_id, netns, reason, location, ifindex }: Rows['drop']): Place {
  return { host_id, netns, reason, location, ifindex };
}
export const isSyn = ({ tcp_flags }: { tcp_flags: number }): boolean => (tcp_flags & (SYN | ACK)) === SYN;
