import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Sequences } from '../../../server/log/sequences.ts';

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
    { numRuns: 200 },
  );
});

test('a run that leaves too many gaps has the oldest one closed, and says so', () => {
  const sequences = new Sequences();
  for (let index = 0; index < 400; index++) sequences.add(1 + index * 2);
  expect(sequences.ranges.length).toBeLessThanOrEqual(256);
  expect(sequences.verdict(2)).toBe('too_old');
  expect(sequences.verdict(798)).toBe('new');
  expect(sequences.verdict(799)).toBe('stored');
});
