// The verdict of an investigation in the form of the API.
import { hex64 } from '../../agent/contract/hex64.ts';
import type { Verdict as Found } from '../../agent/verdict/cause.ts';
import type { Claim } from '../../agent/verdict/claims.ts';
import type { StackGroup } from '../../agent/verdict/stacks.ts';
import { sentences, summarize } from '../../agent/verdict/summary.ts';
import type { Verdict } from '../api/investigations.ts';
import type { Judging } from './judging.ts';

const TOLD_MAX = 100;

export function verdictOf({ judged: { verdicts, ways, joins }, claims, stacks, cut, rows }: Judging): Verdict {
  const summary = summarize(verdicts, ways);
  const by_peer = [...summary.by_peer].map(([network, share]) => ({ network, ...share }));
  return {
    ...summary.all,
    sentences: sentences(summary),
    by_peer: by_peer.toSorted((one, other) => other.segments - one.segments).slice(0, TOLD_MAX),
    dropped: droppedIn(verdicts),
    missing: counted(verdicts, ({ missing }) => (missing === '' ? undefined : missing)).map(([what, segments]) => ({ what, segments })),
    arrivals: summary.arrivals,
    joins,
    claims: claims.slice(0, TOLD_MAX).map(claimOf),
    stacks: stacks.slice(0, TOLD_MAX).map(stackOf),
    rows,
    cut,
  };
}

/** Why connects failed, who reset connections, or where their time went. */
export function claimOf({ rests_on, ...claim }: Claim): Verdict['claims'][number] {
  return {
    ...claim,
    rests_on: rests_on.map(({ kind, host_id, time_ns }) => ({ kind, host_id: hostText(host_id), time_ns: time_ns.toString() })),
  };
}

const stackOf = ({ functions, user_functions, ...stack }: StackGroup): Verdict['stacks'][number] => ({
  ...stack,
  host_id: hostText(stack.host_id),
  functions: [...functions],
  user_functions: [...user_functions],
});

const hostText = (host_id: bigint): string => hex64(host_id);

function droppedIn(verdicts: readonly Found[]): Verdict['dropped'] {
  const placed = verdicts.flatMap(({ place }) => place ?? []);
  const groups = Map.groupBy(placed, ({ host_id, reason, location, ifindex }) => `${host_id} ${reason} ${location} ${ifindex}`);
  const told = [...groups.values()].flatMap((all) => {
    const [first] = all;
    if (first === undefined) return [];
    const { host_id, reason, location, ifindex } = first;
    return { host_id: hostText(host_id), reason, location, ifindex, segments: all.length };
  });
  return told.toSorted((one, other) => other.segments - one.segments).slice(0, TOLD_MAX);
}

/** How many verdicts have each name, the most frequent first; at most TOLD_MAX. A verdict whose name is undefined does not count. */
function counted(verdicts: readonly Found[], nameOf: (verdict: Found) => string | undefined): [string, number][] {
  const counts = new Map<string, number>();
  for (const verdict of verdicts) {
    const name = nameOf(verdict);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one).slice(0, TOLD_MAX);
}
