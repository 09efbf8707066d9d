import { expect, test } from 'vitest';
import { drainIntervalMs, STRETCH_MAX, SweepPace, sweepIntervalMs } from '../../../agent/loop/pace.ts';

const MiB = 1024 ** 2;

test.each([
  { it: 'a small host', ring_bytes: 8 * MiB, cpus: 2, ms: 50 },
  { it: 'eight processors', ring_bytes: 8 * MiB, cpus: 8, ms: 26 },
  { it: 'more of them in larger rings', ring_bytes: 64 * MiB, cpus: 64, ms: 26 },
  { it: 'a ring of one page', ring_bytes: 4096, cpus: 2, ms: 5 },
])('between two drains, half a ring at most: $it', ({ ring_bytes, cpus, ms }) => {
  expect(drainIntervalMs(ring_bytes, cpus)).toBe(ms);
});

test.each([
  { it: 'a cheap sweep keeps the interval', sweep_ms: 20, others: 0, ms: 10_000 },
  { it: 'as much as the budget gives in an interval', sweep_ms: 200, others: 0, ms: 10_000 },
  { it: 'more than that widens it', sweep_ms: 600, others: 0, ms: 30_000 },
  { it: 'what else is done is part of the budget', sweep_ms: 150, others: 0.01, ms: 15_000 },
  { it: 'a storm leaves sweeps a quarter of the budget', sweep_ms: 100, others: 0.9, ms: 20_000 },
  { it: 'but never more than the most', sweep_ms: 60_000, others: 0, ms: 10_000 * STRETCH_MAX },
])('interval of 10 s, budget of 2%: $it', ({ sweep_ms, others, ms }) => {
  expect(sweepIntervalMs(10_000, 0.02, sweep_ms, others)).toBeCloseTo(ms);
});

/** A clock that is told the time. */
function hand() {
  const at = { now_ms: 0, cpu_ms: 0 };
  return { at, clock: { now_ms: () => at.now_ms, cpu_ms: () => at.cpu_ms } };
}

test('it widens with the cost of sweeps and of all else, and narrows again', () => {
  const { at, clock } = hand();
  const pace = new SweepPace(10_000, 0.02, clock);
  const sweep = (sweep_ms: number) => {
    expect(pace.dueInMs()).toBe(0);
    pace.begin();
    at.cpu_ms += sweep_ms;
    pace.end();
    return pace.interval_ms;
  };
  const pass = (ms: number, others: number) => {
    at.now_ms += ms;
    at.cpu_ms += ms * others;
  };
  expect(sweep(100)).toBe(10_000);
  pass(9_999, 0.01);
  expect(pace.dueInMs()).toBe(1);
  pass(1, 0.01);
  expect(sweep(300)).toBeCloseTo(30_000);
  pass(30_000, 0.5);
  expect(sweep(300)).toBe(60_000);
  pass(60_000, 0);
  expect(sweep(100)).toBe(10_000);
  expect(pace).toMatchObject({ sweeps: 4, cpu_ms: 800 });
});

test('without a budget the interval is what was asked for', () => {
  const { at, clock } = hand();
  const pace = new SweepPace(1000, undefined, clock);
  pace.begin();
  at.cpu_ms = 5000;
  pace.end();
  expect(pace.interval_ms).toBe(1000);
});

test('a collector that asks for less widens it sweep by sweep, up to the most, and what it takes narrows it again', () => {
  const { at, clock } = hand();
  const pace = new SweepPace(10_000, Number.POSITIVE_INFINITY, clock);
  const sweepAfter = (...answers: ('busy' | 'accepted')[]) => {
    at.now_ms += pace.interval_ms;
    for (const answer of answers) pace.answered(answer);
    pace.begin();
    pace.end();
    return pace.interval_ms;
  };
  expect(sweepAfter()).toBe(10_000);
  expect(sweepAfter('accepted', 'busy', 'accepted')).toBe(20_000);
  expect(sweepAfter('busy')).toBe(40_000);
  expect(sweepAfter('busy', 'busy')).toBe(10_000 * STRETCH_MAX);
  expect(sweepAfter('busy')).toBe(10_000 * STRETCH_MAX);
  expect(sweepAfter()).toBe(10_000 * STRETCH_MAX);
  expect(sweepAfter('accepted')).toBe(30_000);
  expect(sweepAfter('accepted')).toBe(15_000);
  expect(sweepAfter('accepted')).toBe(10_000);
});
