// What every verdict begins with: where packets were seen, which sockets there were, and which two of them talk to each other.
import { Alike } from './alike.ts';
import { type End, endsOf, joinEnds, type Peer } from './ends.ts';
import { baseOf, type Evidence } from './evidence.ts';
import { Sightings } from './sightings.ts';

export type Joined = {
  evidence: Evidence;
  /** the moment from which sightings count their times */
  base: bigint;
  sightings: Sightings;
  /** by host and cookie */
  ends: ReadonlyMap<string, Readonly<End>>;
  peers: ReadonlyMap<Readonly<End>, Peer>;
};

/** A step is as long as one look at all rows. */
export function* joinInSteps(evidence: Evidence): Generator<undefined, Joined> {
  const base = baseOf(evidence);
  yield;
  const sightings = new Sightings(evidence, base);
  yield;
  const ends = endsOf(evidence);
  yield;
  const alike = new Alike(evidence.packet);
  yield;
  return { evidence, base, sightings, ends, peers: joinEnds(ends.values(), (end) => alike.groupOf(end)) };
}

/** Takes all steps at once. */
export function atOnce<Result>(work: Generator<unknown, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
