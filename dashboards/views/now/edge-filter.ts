import type { DropGroup, Edge } from '../../../server/api.ts';
import type { Filter } from '../../filter.ts';
import { formatEndpoint } from '../../format.ts';

/** Over long ranges the peer is its network: `10.1.2.0/24`. */
const isNetwork = (peer_addr: string) => peer_addr.includes('/');

/** Where connections go to or come from: `→ 10.0.0.1:443`, `:443 ← 10.0.0.9`, `→ 10.0.0.0/24 port 443`. */
export function peerOf({ role, peer_addr, port }: Pick<Edge, 'role' | 'peer_addr' | 'port'>): { direction: string; peer: string } {
  if (role === 'server') return { direction: `:${port} ←`, peer: peer_addr };
  return {
    direction: role === 'client' ? '→' : '↔',
    peer: isNetwork(peer_addr) ? `${peer_addr} port ${port}` : formatEndpoint(peer_addr, port),
  };
}

/** The same of packets, whose service end is known by address: `10.0.0.2:81 ← 10.0.0.9` where nobody listens. */
export function endsOf(group: Pick<DropGroup, 'role' | 'peer_addr' | 'port' | 'service_addr'>): { direction: string; peer: string } {
  const { role, peer_addr, port, service_addr } = group;
  if (role === 'client' || service_addr === peer_addr) return peerOf(group);
  return { direction: `${formatEndpoint(service_addr, port)} ${role === 'server' ? '←' : '↔'}`, peer: peer_addr };
}

/** The filter that selects this edge, as exactly as a filter can. It names the host only if there are several. */
export function filterOf({ host, comm, peer_addr, port }: Pick<Edge, 'host' | 'comm' | 'peer_addr' | 'port'>, manyHosts: boolean): Filter {
  return {
    ...(manyHosts ? { host } : {}),
    ...(comm === '' ? {} : { process: comm }),
    ...(isNetwork(peer_addr) ? {} : { peer: peer_addr }),
    port,
  };
}
