// What a verdict says: why a segment was sent again, what that rests on, and what is missing where it is not known.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import { type Reference, referTo } from './evidence.ts';
import type { Segment } from './segments.ts';
import type { DropSighting } from './sightings.ts';

export const CAUSES = [
  'lost_outward', // it did not come to its receiver, and no watched host dropped it
  'lost_backward', // it had come, and its acknowledgement left the receiver and did not come
  'not_needed', // it had come or was on its way, and so was its acknowledgement: see `why`
  'dropped_here', // the sender's own host did not let it out
  'dropped_between', // a watched host on the way dropped it
  'dropped_at_receiver', // the receiver's host dropped it
  'not_known',
] as const;
export type Cause = (typeof CAUSES)[number];

/** Why a segment that was sent again was not needed. */
export const NOT_NEEDED = [
  'reordered', // what was sent later came before it
  'delayed', // it, or its acknowledgement, was on its way for longer than the sender waited
  'delayed_ack', // the receiver had it and had not acknowledged it yet
  'arrived', // it had arrived already; whether its acknowledgement was lost or late is not known
] as const;
export type NotNeeded = (typeof NOT_NEEDED)[number];

/** Where a packet was dropped. */
export type Place = {
  host_id: bigint;
  netns: bigint;
  /** the kernel's name; empty: it did not say */
  reason: string;
  /** the kernel's function */
  location: string;
  /** of the device it came in by or was to leave by; 0 unknown */
  ifindex: number;
};

export type Finding = {
  cause: Cause;
  why: NotNeeded | undefined;
  place: Place | undefined;
  /** of not_known: what would have told */
  missing: string;
  /** the rows that say so */
  rests_on: Reference[];
};

export type Verdict = Finding & {
  segment: Segment;
  /** the packet that sent it again, as it left by a device; undefined: none is known */
  packet: Rows['packet'] | undefined;
  /** whether rows of the peer's end were there */
  peer_observed: boolean;
};

type Row = Parameters<typeof referTo>[0];

export function finding(cause: Exclude<Cause, 'not_known' | 'not_needed'>, rows: readonly Row[], place?: Place): Finding {
  return { cause, why: undefined, place, missing: '', rests_on: rows.map(referTo) };
}

export function notNeeded(why: NotNeeded, rows: readonly Row[]): Finding {
  return { cause: 'not_needed', why, place: undefined, missing: '', rests_on: rows.map(referTo) };
}

export function notKnown(missing: string): Finding {
  return { cause: 'not_known', why: undefined, place: undefined, missing, rests_on: [] };
}

export function placeOf({ row }: DropSighting): Place {
  const { host_id, netns, reason, location, ifindex } = row;
  return { host_id, netns, reason, location, ifindex };
}
