// Verdicts on journeys whose truth is known: right where both ends were observed, and right or not known with fewer rows.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Verdict } from '../../../agent/verdict/cause.ts';
import type { Evidence } from '../../../agent/verdict/evidence.ts';
import { judgeAll } from '../../../agent/verdict/verdicts.ts';
import { randomOf } from '../../investigations/judged.ts';
import { tries } from '../../support/tries.ts';
import { type Happened, Journey, type Path } from './path.ts';

const JOURNEYS = 60;
const SEGMENTS = 60;

const paths: fc.Arbitrary<Path> = fc.record({
  lost_out: fc.double({ min: 0, max: 0.2, noNaN: true }),
  lost_back: fc.double({ min: 0, max: 0.2, noNaN: true }),
  late: fc.double({ min: 0, max: 0.05, noNaN: true }),
  twice: fc.double({ min: 0, max: 0.05, noNaN: true }),
  refused: fc.double({ min: 0, max: 0.1, noNaN: true }),
  forbidden: fc.double({ min: 0, max: 0.2, noNaN: true }),
  has_ids: fc.constant(true),
  has_timestamps: fc.boolean(),
});

type Count = { all: number; right: number; not_known: number };

/** Judges many journeys by their rows, or by those that `keep` leaves. */
function judged(path: fc.Arbitrary<Path>, keep: (evidence: Evidence, seed: number) => Evidence, journeys = JOURNEYS): Count {
  const count: Count = { all: 0, right: 0, not_known: 0 };
  fc.assert(
    fc.property(path, fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: -1e6, max: 1e6 }), (each, seed, ahead_ms) => {
      const journey = new Journey(each, randomOf(seed), ahead_ms, SEGMENTS);
      const truths = journey.truths();
      const { verdicts } = judgeAll(keep(journey.evidence, seed));
      expect(verdicts).toHaveLength(truths.length);
      for (const [at, verdict] of verdicts.entries()) add(count, verdict, truths[at]);
    }),
    tries(journeys),
  );
  expect(count.all).toBeGreaterThan(JOURNEYS);
  return count;
}

function add(count: Count, { cause, why, rests_on, peer_observed }: Verdict, truth: Happened | undefined): void {
  const alone = !peer_observed;
  count.all++;
  const word = why ?? cause;
  const is_lost = truth === 'lost_outward' || truth === 'dropped_at_receiver';
  // Whoever has no rows of the receiver's host has lost there what it dropped.
  if (word === truth || (why === 'arrived' && !is_lost) || (word === 'lost_outward' && alone && truth === 'dropped_at_receiver'))
    count.right++;
  if (cause === 'not_known') count.not_known++;
  else expect(rests_on.length, 'a claim names its rows').toBeGreaterThan(0);
}

const everything = (evidence: Evidence): Evidence => evidence;

test('both ends observed, by clocks that differ', () => {
  const { all, right } = judged(paths, everything);
  expect(right / all).toBeGreaterThanOrEqual(0.99);
});

test('many come late, and are dropped when they come', () => {
  const { all, right } = judged(
    paths.map((path) => ({ ...path, late: 0.3, refused: 0.3 })),
    everything,
  );
  expect(right / all).toBeGreaterThanOrEqual(0.99);
});

test('one row of a hundred is missing', () => {
  const { all, right, not_known } = judged(paths, (evidence, seed) => {
    const random = randomOf(seed + 1);
    const some = <Row>(rows: readonly Row[]) => rows.filter(() => random() >= 0.01);
    return { ...evidence, packet: some(evidence.packet), progress: some(evidence.progress) };
  });
  expect((right + not_known) / all).toBeGreaterThanOrEqual(0.95);
});

const ofSender = ({ packet, progress, drop, ...rest }: Evidence): Evidence => ({
  ...rest,
  packet: packet.filter(({ host_id }) => host_id === 1n),
  progress: progress.filter(({ host_id }) => host_id === 1n),
  drop: drop.filter(({ host_id }) => host_id === 1n),
});

test('the receiver is not observed', () => {
  const { all, right, not_known } = judged(
    paths.map((path) => ({ ...path, twice: 0 })),
    ofSender,
  );
  expect((right + not_known) / all).toBeGreaterThanOrEqual(0.95);
});

test('the receiver is not observed, and the sender drops what it sends again', () => {
  const { all, right, not_known } = judged(
    paths.map((path) => ({ ...path, twice: 0, late: 0.2, forbidden: 0.5 })),
    ofSender,
  );
  expect((right + not_known) / all).toBeGreaterThanOrEqual(0.95);
  expect(right / all).toBeGreaterThanOrEqual(0.3);
});

test('nothing is lost on the way: the peer reports all that came twice, and what the sender drops never comes', () => {
  const { all, right } = judged(
    paths.map((path) => ({ ...path, lost_out: 0, lost_back: 0, twice: 0, refused: 0, late: 0.3, forbidden: 0.5 })),
    ofSender,
    // Of fewer the share comes near its bound by chance, once in some hundred thousand runs.
    4 * JOURNEYS,
  );
  expect(right / all).toBeGreaterThanOrEqual(0.95);
});

test('only retransmissions were watched: nothing is known', () => {
  const { all, not_known } = judged(paths, (evidence) => ({ ...evidence, packet: [], progress: [], drop: [] }));
  expect(not_known).toBe(all);
});
