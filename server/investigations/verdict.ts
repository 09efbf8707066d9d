// What an investigation has found: verdicts over the stored rows of all its hosts.
import type { Verdict as Found } from '../../agent/verdict/cause.ts';
import { judgeCauses } from '../../agent/verdict/causes.ts';
import { claimsOf } from '../../agent/verdict/claims.ts';
import type { Evidence } from '../../agent/verdict/evidence.ts';
import { sentences, summarize } from '../../agent/verdict/summary.ts';
import { judgeAll } from '../../agent/verdict/verdicts.ts';
import type { Verdict } from '../api/investigations.ts';
import { LIMITS } from '../limits.ts';
import type { Queryable } from '../storage/engine.ts';
import { evidenceOf, rowsStored } from '../storage/queries/evidence.ts';
import type { Investigation } from './book.ts';
import { endOf } from './host-state.ts';
import type { HostStates } from './host-states.ts';

/** Clocks of hosts differ, and an agent needs a moment to hear of the end. */
const AROUND_MS = 10_000;
const TOLD_MAX = 100;

export async function verdictOn(store: Queryable, states: HostStates, investigation: Investigation): Promise<Verdict> {
  const heard = await states.of(store, investigation.id, LIMITS.control_channels.number);
  const asked = [...heard].flatMap(([host_id, { state }]) =>
    state.slot === 0 ? [] : { host_id: BigInt(`0x${host_id}`), slot: state.slot },
  );
  const [from_ms, to_ms] = [investigation.begins_ms - AROUND_MS, endOf(investigation) + AROUND_MS];
  const stored = await rowsStored(store, asked, from_ms, to_ms);
  const { evidence, cut } = await evidenceOf(store, asked, from_ms, to_ms, LIMITS.evidence_rows.number);
  const { verdicts, ways } = judgeAll(evidence);
  const summary = summarize(verdicts, ways);
  const by_peer = [...summary.by_peer].map(([network, share]) => ({ network, ...share }));
  return {
    ...summary.all,
    sentences: sentences(summary),
    by_peer: by_peer.toSorted((one, other) => other.segments - one.segments).slice(0, TOLD_MAX),
    dropped: droppedIn(verdicts),
    missing: counted(verdicts, ({ missing }) => (missing === '' ? undefined : missing)).map(([what, segments]) => ({ what, segments })),
    arrivals: summary.arrivals,
    claims: claimsIn(evidence),
    rows: { written: [...heard.values()].reduce((sum, { state }) => sum + state.passed, 0), stored },
    cut,
  };
}

/** Why connects failed, who reset connections, and where their time went. */
export function claimsIn(evidence: Evidence): Verdict['claims'] {
  return claimsOf(judgeCauses(evidence))
    .slice(0, TOLD_MAX)
    .map(({ rests_on, ...claim }) => ({
      ...claim,
      rests_on: rests_on.map(({ kind, host_id, time_ns }) => ({ kind, host_id: hostText(host_id), time_ns: time_ns.toString() })),
    }));
}

const hostText = (host_id: bigint): string => host_id.toString(16).padStart(16, '0');

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

/** How many there are by what `nameOf` says of each, the most first. */
function counted(verdicts: readonly Found[], nameOf: (verdict: Found) => string | undefined): [string, number][] {
  const counts = new Map<string, number>();
  for (const verdict of verdicts) {
    const name = nameOf(verdict);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one).slice(0, TOLD_MAX);
}
