import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RANGES_MAX, Sequences } from '../../../server/log/sequences.ts';
import { tries } from '../../support/tries.ts';

function check(order: readonly number[], ranges: [number, number][]): void {
  const sequences = new Sequences();
  for (const sequence of order) {
    expect(sequences.verdict(sequence)).toBe('new');
    sequences.add(sequence);
    expect(sequences.verdict(sequence)).toBe('stored');
  }
  expect(sequences.ranges).toEqual(ranges);
}

test.each<[string, number[], [number, number][]]>([
  ['in order', [1, 2, 3], [[1, 3]]],
  ['backwards', [3, 2, 1], [[1, 3]]],
  ['a gap that closes', [1, 3, 4, 2], [[1, 4]]],
  [
    'a gap that stays',
    [1, 2, 5, 7],
    [
      [1, 2],
      [5, 5],
      [7, 7],
    ],
  ],
  [
    'before the first',
    [9, 1],
    [
      [1, 1],
      [9, 9],
    ],
  ],
])('ranges of what arrives %s', (_name, order, ranges) => check(order, ranges));

test('agrees with a set, whatever arrives in whatever order', () => {
  const operations = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 300 });
  fc.assert(
    fc.property(operations, (order) => {
      const sequences = new Sequences();
      const model = new Set<number>();
      for (const sequence of order) {
        sequences.add(sequence);
        model.add(sequence);
      }
      const restored = new Sequences(sequences.ranges, sequences.closed_up_to);
      for (let sequence = 1; sequence <= 201; sequence++) expect(restored.verdict(sequence)).toBe(model.has(sequence) ? 'stored' : 'new');
    }),
    tries(200),
  );
});

test('a run that leaves too many gaps has the oldest ones closed, and says so', () => {
  const sequences = new Sequences();
  const last = 1 + 2 * (RANGES_MAX + 9);
  for (let sequence = 1; sequence <= last; sequence += 2) sequences.add(sequence);
  expect(sequences.length).toBe(RANGES_MAX);
  expect([sequences.verdict(2), sequences.verdict(20), sequences.verdict(22)]).toEqual(['too_old', 'too_old', 'new']);
  expect(sequences.verdict(last - 1)).toBe('new');
  expect(sequences.verdict(last)).toBe('stored');
});

/** An agent after an outage: live batches from `live_from` on, the backlog before them beside, some given up, some sent again. */
const sending = fc.record({
  live_from: fc.integer({ min: 1, max: 5000 }),
  /** at each step: from which end, and whether the batch is given up */
  steps: fc.array(fc.record({ live: fc.boolean(), lost: fc.boolean(), ahead: fc.nat({ max: 3 }) }), { minLength: 1, maxLength: 3000 }),
});

test('no batch that was never sent is too old, with live batches far ahead of a long backlog', () => {
  fc.assert(
    fc.property(sending, ({ live_from, steps }) => {
      const sequences = new Sequences();
      const next = { live: live_from, backlog: 1 };
      const sent = new Set<number>();
      for (const { live, lost, ahead } of steps) {
        const from = live ? 'live' : 'backlog';
        // A few are in flight at once and overtake each other.
        const sequence = next[from] + ahead;
        next[from]++;
        if (lost || (from === 'backlog' && sequence >= live_from)) continue;
        expect(sequences.verdict(sequence)).toBe(sent.has(sequence) ? 'stored' : 'new');
        sequences.add(sequence);
        sent.add(sequence);
      }
      expect(sequences.closed_up_to).toBe(0);
    }),
    tries(50),
  );
});
