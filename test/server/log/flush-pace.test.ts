// When groups are flushed, beside the real clock.
import { expect, test } from 'vitest';
import { FlushPace } from '../../../server/log/flush-pace.ts';
import { until } from '../support/collector.ts';

/** Longer than any test: what waits for it waits for ever. */
const NEVER_MS = 3_600_000;

function counted(apart_ms: number) {
  const flushes: number[] = [];
  const pace = new FlushPace(() => flushes.push(performance.now()), apart_ms);
  return { pace, flushes };
}

test('what comes alone is flushed at once, however far apart flushes are to be', () => {
  const { pace, flushes } = counted(NEVER_MS);
  pace.plan();
  expect(flushes).toHaveLength(1);
});

test('until a flush takes its group, whatever comes is in it', () => {
  const { pace, flushes } = counted(0);
  for (let batch = 0; batch < 5; batch++) pace.plan();
  expect(flushes).toHaveLength(1);
  pace.began();
  pace.plan();
  expect(flushes).toHaveLength(2);
});

test('the next flush begins when the time between two is over, and not before', async () => {
  const { pace, flushes } = counted(60);
  pace.plan();
  const began_ms = performance.now();
  pace.began();
  for (let batch = 0; batch < 5; batch++) pace.plan();
  expect(flushes).toHaveLength(1);
  await until(
    () => flushes.length,
    (count) => count === 2,
  );
  // Timers leave out fractions of a millisecond, and have a clock of their own.
  expect((flushes[1] ?? 0) - began_ms).toBeGreaterThanOrEqual(57);
});

test('a log that ends flushes what is planned at once, and nothing else', () => {
  const { pace, flushes } = counted(NEVER_MS);
  pace.hurry();
  expect(flushes).toHaveLength(0);
  pace.plan();
  pace.began();
  pace.plan();
  pace.hurry();
  pace.hurry();
  expect(flushes).toHaveLength(2);
});
