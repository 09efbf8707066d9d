// Who gets memory and who gives way, by sizes and times: 100 bytes in all, 60 for a peer, slow after 10 ms.
import { expect, test } from 'vitest';
import { Budget, type Held } from '../../../server/door/budget.ts';

/** One body: whose, when it begins, the bytes that come then, and whether that is all of it. */
type Step = { peer: string; at_ms: number; bytes: number; whole?: boolean };
/** What each of the bodies holds in the end; undefined: it was refused or gave way. */
type Case = [name: string, steps: Step[], holds: (number | undefined)[]];

const cases: Case[] = [
  [
    'what fits is taken',
    [
      { peer: 'a', at_ms: 0, bytes: 60 },
      { peer: 'b', at_ms: 0, bytes: 40 },
    ],
    [60, 40],
  ],
  [
    'a peer has no more than its share',
    [
      { peer: 'a', at_ms: 0, bytes: 60 },
      { peer: 'a', at_ms: 5, bytes: 60 },
    ],
    [60, undefined],
  ],
  [
    'its own slow body gives way to its next',
    [
      { peer: 'a', at_ms: 0, bytes: 60 },
      { peer: 'a', at_ms: 11, bytes: 1 },
    ],
    [undefined, 1],
  ],
  [
    'of its slow bodies the oldest, and no more than need be',
    [
      { peer: 'a', at_ms: 0, bytes: 20 },
      { peer: 'a', at_ms: 1, bytes: 20 },
      { peer: 'a', at_ms: 2, bytes: 20 },
      { peer: 'a', at_ms: 20, bytes: 20 },
    ],
    [undefined, 20, 20, 20],
  ],
  [
    'a peer’s full share costs no other peer anything',
    [
      { peer: 'b', at_ms: 0, bytes: 10 },
      { peer: 'a', at_ms: 20, bytes: 60 },
      { peer: 'a', at_ms: 21, bytes: 60 },
    ],
    [10, 60, undefined],
  ],
  [
    'where all is taken, who holds most gives way to who holds less',
    [
      { peer: 'a', at_ms: 0, bytes: 40 },
      { peer: 'b', at_ms: 0, bytes: 60 },
      { peer: 'c', at_ms: 1, bytes: 20 },
    ],
    [40, undefined, 20],
  ],
  [
    'and not to who would hold more',
    [
      { peer: 'a', at_ms: 0, bytes: 50 },
      { peer: 'b', at_ms: 0, bytes: 50 },
      { peer: 'c', at_ms: 1, bytes: 55 },
    ],
    [50, 50, undefined],
  ],
  [
    'of one peer a large body gives way to a small one',
    [
      { peer: 'a', at_ms: 0, bytes: 20 },
      { peer: 'a', at_ms: 0, bytes: 40 },
      { peer: 'a', at_ms: 1, bytes: 10 },
    ],
    [20, undefined, 10],
  ],
  [
    'what is worked on gives way to nobody',
    [
      { peer: 'a', at_ms: 0, bytes: 60, whole: true },
      { peer: 'b', at_ms: 0, bytes: 40, whole: true },
      { peer: 'c', at_ms: 99, bytes: 1 },
    ],
    [60, 40, undefined],
  ],
];

test.each(cases)('%s', (_name, steps, holds) => {
  const budget = new Budget({ bytes_max: 100, peer_bytes_max: 60, slow_ms: 10 });
  const left = new Set<Held>();
  const all = steps.map(({ peer, at_ms, bytes, whole }) => {
    const held = budget.open(peer, at_ms, () => left.add(held));
    try {
      budget.take(held, bytes, at_ms);
    } catch (error) {
      expect(error).toMatchObject({ code: 'too_many_bytes_in_flight', status: 429, retry_after_s: 1 });
      left.add(held);
    }
    if (whole) budget.arrived(held);
    return held;
  });
  expect(all.map((held) => (left.has(held) ? undefined : held.bytes))).toEqual(holds);
  expect(budget.bytes).toBe(holds.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0));
  for (const held of [...all, ...all]) budget.release(held);
  expect(budget.bytes).toBe(0);
});

test('the longer it goes on, the longer the time to wait, spread; once half is free it begins anew', () => {
  const budget = new Budget({ bytes_max: 100, peer_bytes_max: 100, slow_ms: 10 });
  const full = budget.open('a', 0, () => undefined);
  budget.take(full, 100, 0);
  budget.arrived(full);
  const wait = (): number => {
    try {
      budget.take(
        budget.open('b', 0, () => undefined),
        1,
        0,
      );
      return 0;
    } catch (error) {
      return (error as { retry_after_s: number }).retry_after_s;
    }
  };
  const waits = Array.from({ length: 400 }, wait);
  expect(Math.max(...waits.slice(0, 50))).toBe(1);
  expect(Math.max(...waits.slice(-50))).toBeGreaterThan(8);
  expect(new Set(waits.slice(-50)).size).toBeGreaterThan(5);
  expect(Math.max(...waits)).toBeLessThanOrEqual(30);
  budget.release(full);
  budget.take(full, 100, 0);
  expect(wait()).toBe(1);
});
