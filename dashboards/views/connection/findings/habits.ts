// Habits of a process that show in all of its connections to one destination.
import { formatCount, formatEndpoint, formatRatio } from '../../../format.ts';
import type { Look } from './finding.ts';

const CONNECTIONS_LEAST = 10;
/** Limit of requests for each connection, on average: most connections carry one request, some carry two. */
const TURNS_MOST = 1.5;
/** Least share of handshakes in the connections' time; a smaller one does no harm. */
const HANDSHAKES_LEAST = 0.05;

export const connectionPerRequest: Look = ({ alike, peer_addr, peer_port }) => {
  if (alike === null || alike.connections < CONNECTIONS_LEAST || alike.turns === 0) return undefined;
  if (alike.turns > TURNS_MOST * alike.connections) return undefined;
  const share = alike.duration_us > 0 ? Math.min(1, alike.connect_us / alike.duration_us) : 0;
  if (share < HANDSHAKES_LEAST) return undefined;
  return {
    whose: 'this process',
    words: `It opened ${formatCount(alike.connections)} connections to ${formatEndpoint(peer_addr, peer_port)} within two minutes, for ${formatCount(alike.turns)} requests: a connection for each. Handshakes took ${formatRatio(share)} of their time; a connection that is kept open needs one.`,
  };
};
