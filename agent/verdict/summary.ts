// What an investigation's verdicts amount to, by cause and by the network of the peer, in figures and in plain sentences.
import { CAUSES, type Cause, NOT_NEEDED, type NotNeeded, type Verdict } from './cause.ts';
import type { Way } from './way.ts';

export type Share = { segments: number; by_cause: Record<Cause, number>; by_why: Record<NotNeeded, number>; peer_observed: number };

export type Summary = {
  all: Share;
  by_peer: Map<string, Share>;
  /** segments that came to the sockets at both ends, and those of them that have a row */
  arrivals: { counted: number; seen: number };
};

const none = <Name extends string>(names: readonly Name[]) => Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
const empty = (): Share => ({ segments: 0, by_cause: none(CAUSES), by_why: none(NOT_NEEDED), peer_observed: 0 });

/** `networkOf` names the group of a peer's address: `subnetOf`, or what the caller knows of it. */
export function summarize(verdicts: readonly Verdict[], ways: readonly Way[], networkOf: (address: string) => string = subnetOf): Summary {
  const all = empty();
  const by_peer = new Map<string, Share>();
  for (const verdict of verdicts) {
    const network = networkOf(verdict.segment.row.peer_addr);
    const share = by_peer.get(network) ?? empty();
    by_peer.set(network, share);
    for (const each of [all, share]) count(each, verdict);
  }
  const sockets = new Set(ways.flatMap(({ sender, receiver }) => (receiver ? [sender, receiver] : [sender])));
  const arrivals = { counted: 0, seen: 0 };
  for (const {
    arrivals: { completeness },
  } of sockets) {
    arrivals.counted += completeness.counted;
    arrivals.seen += completeness.seen;
  }
  return { all, by_peer, arrivals };
}

function count(share: Share, { cause, why, peer_observed }: Verdict): void {
  share.segments++;
  share.by_cause[cause]++;
  if (why) share.by_why[why]++;
  if (peer_observed) share.peer_observed++;
}

/** "10.2.0.0/24", "fd00:1:2:3::/64". */
export function subnetOf(address: string): string {
  if (!address.includes(':')) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? [] : new Array<string>(8 - before.length - after.length).fill('0');
  return `${[...before, ...gap, ...after].slice(0, 4).join(':')}::/64`;
}

/** What became of the segments: the second half of a sentence. */
const WORDS = {
  lost_outward: 'were lost outward',
  lost_backward: 'had arrived, and their acknowledgement was lost on the way back',
  not_needed: 'were not needed',
  dropped_here: "were dropped by the sender's own host",
  dropped_between: 'were dropped by a watched host on the way',
  dropped_at_receiver: "were dropped by the receiver's host",
  not_known: 'are not known',
} as const satisfies Record<Cause, string>;

/** A sentence for each network, the one with most segments first, and two about what was seen. */
export function sentences({ all, by_peer, arrivals }: Summary): string[] {
  const largest = [...by_peer].sort(([, a], [, b]) => b.segments - a.segments);
  const told = largest.map(([network, share]) => `${partsOf(share, network).join('; ')}.`);
  const seen =
    arrivals.counted > 0
      ? [`Of ${arrivals.counted} segments that came to the sockets, ${percent(arrivals.seen, arrivals.counted)} have a row.`]
      : [];
  const observed = all.segments > 0 ? [`The peer's end was observed for ${percent(all.peer_observed, all.segments)}.`] : [];
  return [...told, ...seen, ...observed];
}

function partsOf({ segments, by_cause }: Share, network: string): string[] {
  const causes = CAUSES.filter((cause) => by_cause[cause] > 0).sort((a, b) => by_cause[b] - by_cause[a]);
  return causes.map((cause, at) => {
    const share = percent(by_cause[cause], segments);
    return at === 0 ? `${share} of ${segments} retransmitted segments to ${network} ${WORDS[cause]}` : `${share} ${WORDS[cause]}`;
  });
}

/** "0 %" only for none, and "100 %" only for all. */
export function percent(part: number, whole: number): string {
  if (part === whole) return '100 %';
  const digits = part * 100 < whole || (whole - part) * 100 < whole ? 2 : 0;
  const shown = Math.min(Math.max((part / whole) * 100, part > 0 ? 0.01 : 0), 99.99);
  return `${shown.toFixed(digits)} %`;
}
