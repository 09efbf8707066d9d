// Finds which host a peer is, if an agent watches that host: the only host that had the peer's address as its own.
import { hostName } from '../entities.ts';
import { isIPv4, networkOf } from '../figures.ts';
import type { Params } from '../language/params.ts';
import type { Window } from '../queries/window.ts';

export type WatchedHosts = readonly { name: string; addresses: readonly string[] }[];

/** Limit of addresses that are told apart. */
export const ADDRESSES_MOST = 10_000;

/** Kinds that have rows of all connections. */
const KINDS = ['connection', 'sample'] as const;

/** A SELECT of hosts with their own addresses in a window; its filter is ignored. At most `ADDRESSES_MOST` rows. */
export function watchedSql({ time }: Pick<Window, 'time'>): string {
  const each = KINDS.map((kind) => `SELECT local_addr, host_id FROM ${kind} WHERE ${time}`);
  return `SELECT ${hostName('w.host')} AS name, groupArray(toString(w.address)) AS addresses
FROM (
  SELECT local_addr AS address, any(host_id) AS host FROM (${each.join(' UNION ALL ')})
  GROUP BY address HAVING uniqExact(host_id) = 1 ORDER BY address LIMIT ${ADDRESSES_MOST}
) AS w
GROUP BY w.host LIMIT ${ADDRESSES_MOST}`;
}

/** The text of a network, as people write it. @param first an expression for its first address */
const networkText = (first: string) => `concat(replaceRegexpOne(toString(${first}), '^::ffff:', ''), if(${isIPv4(first)}, '/24', '/64'))`;

/**
 * Expressions over rows with a peer. A grouped value is the number of the peer's host in `hosts`, or 0 and the peer's network: numbers are
 * quicker to group by than text.
 * @returns expressions for the value, for its text, and for the value of a filter that selects its peers: the host's addresses, separated
 * by commas, or the network
 */
export function peerHost(
  hosts: WatchedHosts,
  params: Params,
): { rows: string; shown: (value: string) => string; id: (value: string) => string } {
  const network = networkOf('peer_addr');
  const list = (texts: readonly string[]) => params.bind('Array(String)', texts);
  const named = (names: readonly string[]) => (value: string) => {
    const [host, first] = [1, 2].map((part) => `tupleElement(${value}, ${part})`);
    return names.length === 0 ? networkText(String(first)) : `if(${host} > 0, ${list(names)}[${host}], ${networkText(String(first))})`;
  };
  const expressions = {
    shown: named(hosts.map(({ name }) => name)),
    id: named(hosts.map(({ addresses }) => addresses.map(plain).toSorted().join(','))),
  };
  if (hosts.length === 0) return { ...expressions, rows: `(toUInt64(0), ${network})` };
  const addresses = `arrayMap(one -> toIPv6(one), ${list(hosts.flatMap((host) => host.addresses))})`;
  const numbers = params.bind(
    'Array(UInt64)',
    hosts.flatMap((host, at) => host.addresses.map(() => BigInt(at + 1))),
  );
  const host = `transform(peer_addr, ${addresses}, ${numbers}, toUInt64(0))`;
  return { ...expressions, rows: `(${host}, if(${host} > 0, toIPv6('::'), ${network}))` };
}

const plain = (address: string) => address.replace(/^::ffff:(?=[0-9.]+$)/, '');
