// Reads an investigation's rows of all hosts from the store, and judges them.
import { type Claim, claimsOf } from '../../agent/verdict/claims.ts';
import type { Evidence, EvidenceKind } from '../../agent/verdict/evidence.ts';
import { findInSteps } from '../../agent/verdict/found.ts';
import type { StackGroup } from '../../agent/verdict/stacks.ts';
import type { Judged } from '../../agent/verdict/verdicts.ts';
import { LIMITS } from '../limits.ts';
import type { Queryable } from '../storage/engine.ts';
import { type AskedRows, backConnections, rowsStored } from '../storage/queries/asked-rows.ts';
import { evidenceOf } from '../storage/queries/evidence.ts';
import type { Investigation } from './book.ts';
import { endOf } from './host-state.ts';
import type { HostStates } from './host-states.ts';
import { inSlices } from './in-slices.ts';

/** Margin around the investigation's time: hosts' clocks differ, and agents learn of the end a moment later. */
const AROUND_MS = 10_000;

export type Judging = {
  evidence: Evidence;
  judged: Judged;
  claims: readonly Claim[];
  stacks: readonly StackGroup[];
  /** kinds with too many rows, of which only the first were read */
  cut: EvidenceKind[];
  /** over all kinds: rows that agents report to have written, and rows of them that the store has */
  rows: { written: number; stored: number };
};

/** Selects the investigation's rows, by the slots that its hosts have reported for it. `written`: rows that they report to have written. */
export async function askedRows(
  store: Queryable,
  states: HostStates,
  investigation: Investigation,
): Promise<{ asked: AskedRows; written: number }> {
  const heard = await states.of(store, investigation.id, LIMITS.control_channels.number);
  const hosts = [...heard].flatMap(([host_id, { state }]) =>
    state.slot === 0
      ? []
      : { host_id: BigInt(`0x${host_id}`), slot: state.slot, back_ms: state.looked_back > 0 ? state.looks_back_ms + AROUND_MS : 0 },
  );
  const written = [...heard.values()].reduce((sum, { state }) => sum + state.passed + state.looked_back, 0);
  const { begins_ms } = investigation;
  const time = { from_ms: begins_ms - AROUND_MS, to_ms: endOf(investigation) + AROUND_MS, back_until_ms: begins_ms + AROUND_MS };
  const asked = { hosts, ...time, back_connections: [] };
  return { asked: { ...asked, back_connections: await backConnections(store, asked, LIMITS.evidence_rows.number) }, written };
}

export async function judgingOf(store: Queryable, states: HostStates, investigation: Investigation): Promise<Judging> {
  const { asked, written } = await askedRows(store, states, investigation);
  const stored = await rowsStored(store, asked);
  const { evidence, cut } = await evidenceOf(store, asked, LIMITS.evidence_rows.number);
  const found = await inSlices(findInSteps(evidence));
  const { judged, stacks } = found;
  return { evidence, judged, claims: claimsOf(found), stacks, cut, rows: { written, stored } };
}
