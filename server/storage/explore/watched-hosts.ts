// Which host a peer is, where an agent watches it, too: the one that has had the peer's address as its own, if no other host has.
import { hostName } from '../entities.ts';
import { isIPv4, networkOf } from '../figures.ts';
import type { Params } from '../language/params.ts';
import type { Window } from '../queries/window.ts';

export type WatchedHosts = readonly { name: string; addresses: readonly string[] }[];

/** So many addresses are told apart. */
export const ADDRESSES_MOST = 10_000;

/** The kinds that tell of every connection. */
const KINDS = ['connection', 'sample'] as const;

/** The hosts with their own addresses in a window, whatever its filter. At most `ADDRESSES_MOST` rows. */
export function watchedSql({ time }: Pick<Window, 'time'>): string {
  const each = KINDS.map((kind) => `SELECT local_addr, host_id FROM ${kind} WHERE ${time}`);
  return `SELECT ${hostName('w.host')} AS name, groupArray(toString(w.address)) AS addresses
FROM (
  SELECT local_addr AS address, any(host_id) AS host FROM (${each.join(' UNION ALL ')})
  GROUP BY address HAVING uniqExact(host_id) = 1 ORDER BY address LIMIT ${ADDRESSES_MOST}
) AS w
GROUP BY w.host LIMIT ${ADDRESSES_MOST}`;
}

/** The peer's network as people write it. */
const NETWORK = `concat(replaceRegexpOne(toString(${networkOf('peer_addr')}), '^::ffff:', ''), if(${isIPv4('peer_addr')}, '/24', '/64'))`;

/**
 * Over rows with a peer. A value is what a filter picks its peers by: the addresses of the host with commas between them, or the network.
 * @returns expressions for the value, and for what is shown of it
 */
export function peerHost(hosts: WatchedHosts, params: Params): { rows: string; shown: (value: string) => string } {
  if (hosts.length === 0) return { rows: NETWORK, shown: (value) => value };
  const known = hosts.map(({ name, addresses }) => ({ name, addresses, value: addresses.map(plain).toSorted().join(',') }));
  const list = (texts: readonly string[]) => params.bind('Array(String)', texts);
  const addresses = `arrayMap(one -> toIPv6(one), ${list(known.flatMap((host) => host.addresses))})`;
  const values = list(known.flatMap((host) => host.addresses.map(() => host.value)));
  const [names, unique] = [list(known.map(({ name }) => name)), list(known.map(({ value }) => value))];
  return {
    rows: `transform(peer_addr, ${addresses}, ${values}, ${NETWORK})`,
    shown: (value) => `transform(${value}, ${unique}, ${names}, ${value})`,
  };
}

const plain = (address: string) => address.replace(/^::ffff:(?=[0-9.]+$)/, '');
