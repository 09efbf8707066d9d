// Networks of peers: rollups do not have a peer's address but its network, the /24 of IPv4 and the /64 of IPv6.
import { IPV4 } from '../../../agent/contract/language/address.ts';
import { factLayout } from '../../../agent/contract/language/facts.ts';
import { intersection, type Range, type Ranges } from '../../../agent/contract/language/ranges.ts';

const NETWORK_V4 = 1n << 8n;
const NETWORK_V6 = 1n << 64n;
const ALL = factLayout('peer_addr').domain;
const [FIRST_V4, LAST_V4] = IPV4;

/** The network ::/64 without the IPv4 addresses that are mapped into it. */
const LOWEST: Ranges = [
  [0n, FIRST_V4 - 1n],
  [LAST_V4 + 1n, NETWORK_V6 - 1n],
];

/** The networks of a set of addresses, as ranges of networks' first addresses; undefined if the set has only a part of some network. */
export function networksOf(ranges: Ranges): Ranges | undefined {
  const v4 = wholeNetworks(intersection(ranges, [IPV4], ALL), NETWORK_V4);
  const v6 = wholeNetworks(intersection(ranges, [[NETWORK_V6, ALL[1]]], ALL), NETWORK_V6);
  const lowest = intersection(ranges, LOWEST, ALL);
  const isWhole = lowest.every(([from, to], index) => from === LOWEST[index]?.[0] && to === LOWEST[index]?.[1]);
  if (v4 === undefined || v6 === undefined || !isWhole || lowest.length === 1) return undefined;
  return [...(lowest.length === 0 ? [] : [[0n, 0n] as const]), ...v4, ...v6];
}

function wholeNetworks(ranges: Ranges, size: bigint): Range[] | undefined {
  const isWhole = ranges.every(([from, to]) => from % size === 0n && (to + 1n) % size === 0n);
  return isWhole ? ranges.map(([from, to]): Range => [from, to + 1n - size]) : undefined;
}
