import type { DropGroup, Edge } from '../../../server/api.ts';
import { type EndpointParts, endpointParts, formatEndpoint } from '../../format.ts';

/** Over long ranges the peer is a network: `10.1.2.0/24`. */
const isNetwork = (peer_addr: string) => peer_addr.includes('/');

type Ends = EndpointParts & { direction: string };

/** The other end and direction: `→ 10.0.0.1:443`, `:443 ← 10.0.0.9`, `→ 10.0.0.0/24 port 443`. */
export function peerOf({ role, peer_addr, port }: Pick<Edge, 'role' | 'peer_addr' | 'port'>): Ends {
  if (role === 'server') return { direction: `:${port} ←`, addr: peer_addr, tail: '' };
  const direction = role === 'client' ? '→' : '↔';
  return isNetwork(peer_addr) ? { direction, addr: peer_addr, tail: ` port ${port}` } : { direction, ...endpointParts(peer_addr, port) };
}

/** The same for packets, whose service end is known by its address: `10.0.0.2:81 ← 10.0.0.9`, even if nobody listens. */
export function endsOf(group: Pick<DropGroup, 'role' | 'peer_addr' | 'port' | 'service_addr'>): Ends {
  const { role, peer_addr, port, service_addr } = group;
  if (role === 'client' || service_addr === peer_addr) return peerOf(group);
  return { direction: `${formatEndpoint(service_addr, port)} ${role === 'server' ? '←' : '↔'}`, addr: peer_addr, tail: '' };
}
