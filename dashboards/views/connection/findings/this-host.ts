// Data that this host could not send: if there is no way out, nothing was lost, and nobody else is to blame.
import type { Connection } from '../../../../server/api.ts';
import { formatBytes, formatCount, formatEndpoint, formatRatio } from '../../../format.ts';
import type { Look } from './finding.ts';

const SHARE = 0.25;
const ENETUNREACH = 101;
const EHOSTUNREACH = 113;

const isUnrouted = (err: number) => Math.abs(err) === ENETUNREACH || Math.abs(err) === EHOSTUNREACH;
const refused = ({ retransmits }: Connection) => retransmits.filter(({ outcome, err }) => outcome !== 'sent' && isUnrouted(err)).length;
const droppedOnTheWayOut = ({ drops }: Connection) => drops.some(({ direction }) => direction === 'sent');

/** Some of the data did not leave, and there was no route. */
const isWithoutRoute = (connection: Connection) =>
  refused(connection) > 0 || (Boolean(connection.bytes_failed) && (Boolean(connection.out_no_routes) || isUnrouted(connection.sk_err)));

/** Whether this host kept the data back. Then neither peer nor network caused the end. */
export const isKeptHere = (connection: Connection): boolean => isWithoutRoute(connection) || connection.limits.host >= SHARE;

/** How much data waits or waited here, for how long, and how that ended. */
function keptOf({ notsent, unacked, limits, end_reason }: Connection): string {
  const kept = (notsent ?? 0) + (unacked ?? 0);
  const share = limits.host >= 0.01 ? ` for ${formatRatio(limits.host)} of the time` : '';
  const end = end_reason === 'timeout' || end_reason === 'unreachable' ? ', until it was given up' : '';
  return kept > 0 ? ` ${formatBytes(kept)} waited here${share}${end}.` : '';
}

export const noWayOut: Look = (connection) => {
  const { bytes_failed, peer_addr, peer_port, out_no_routes } = connection;
  const to = formatEndpoint(peer_addr, peer_port);
  const kept = keptOf(connection);
  if (isWithoutRoute(connection)) {
    const counted = out_no_routes ? ` (its namespace counted ${formatCount(out_no_routes)} packets without one meanwhile)` : '';
    return { whose: 'this host', words: `This host has no way to send to ${to}: no route, or the link is down${counted}.${kept}` };
  }
  if (isKeptHere(connection)) {
    const why = droppedOnTheWayOut(connection)
      ? 'let nothing out: its firewall or queue drops it'
      : 'took nothing: no route, the link down, its firewall or a full queue';
    return { whose: 'this host', words: `This host’s own layers below TCP ${why}.${kept}` };
  }
  // Drops on the way out are reported by another finding, which says more.
  if (!bytes_failed || droppedOnTheWayOut(connection)) return undefined;
  return {
    whose: 'this host',
    words: `${formatBytes(bytes_failed)} did not leave this host at the first try: a full queue, its firewall, or no route for a moment.`,
  };
};

/** A connect for which there was no local port: nothing was sent. */
export const noPort: Look = ({ end_reason, port_first, port_last, ports_used, local_port, peer_addr, peer_port }) => {
  if (end_reason !== 'no_port' || port_first === null || port_last === null) return undefined;
  const to = formatEndpoint(peer_addr, peer_port);
  if (local_port !== 0)
    return {
      whose: 'this process',
      words: `The local port ${local_port}, to which it was bound, is taken toward ${to}: bind to another, or to none.`,
    };
  const size = port_last - port_first + 1;
  const used = ports_used ? `; ${ports_used} of these were taken by connections to it, those in TIME_WAIT included` : '';
  return {
    whose: 'this host',
    words: `No local port was left toward ${to}: connect() chooses from ${port_first}–${port_last}, which are ${size}${used}. Keep connections open, or widen net.ipv4.ip_local_port_range.`,
  };
};
