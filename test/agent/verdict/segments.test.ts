// A packet of several segments, cut where the kernel cuts it: all are of the same length but the last.
import { expect, test } from 'vitest';
import { eachOf, segmentsOf } from '../../../agent/verdict/segments.ts';
import { rowOf } from './rows.ts';

const ISN = 2 ** 32 - 1000;

const again: { name: string; row: Parameters<typeof rowOf<'retransmit'>>[1]; ranges: [from: number, to: number][] }[] = [
  { name: 'one segment', row: { seq: 1, end_seq: 701, segments: 1 }, ranges: [[1, 701]] },
  {
    name: 'the last is shorter',
    row: { seq: 1, end_seq: 2121, segments: 2, mss: 1448 },
    ranges: [
      [1, 1449],
      [1449, 2121],
    ],
  },
  {
    name: 'the last has a FIN, too',
    row: { seq: 1, end_seq: 2898, segments: 2, mss: 1448 },
    ranges: [
      [1, 1449],
      [1449, 2898],
    ],
  },
  { name: 'a FIN alone', row: { seq: 700, end_seq: 701, segments: 1 }, ranges: [[700, 701]] },
];

test.for(again)('sent again: $name', ({ row, ranges }) => {
  const expected = ranges.map(([from, to]) => ({ seq: (ISN + from) >>> 0, end: (ISN + to) >>> 0 }));
  expect(segmentsOf(rowOf('retransmit', row), ISN, 0n).map(({ seq, end }) => ({ seq, end }))).toEqual(expected);
});

test('a row of more segments than a packet can have', () => {
  const all = segmentsOf(rowOf('retransmit', { seq: 1, end_seq: 2 ** 32 - 1, segments: 70_000 }), ISN, 0n);
  expect(all.length).toBe(65_535);
});

const packets: { name: string; row: Parameters<typeof rowOf<'packet'>>[1]; each: number }[] = [
  { name: 'one segment', row: { length: 700, segments: 1 }, each: 700 },
  { name: 'several', row: { length: 2120, segments: 2, mss: 1448 }, each: 1448 },
  { name: 'a SYN, with what it offers', row: { length: 0, segments: 1, mss: 1460 }, each: 0 },
];

test.for(packets)('at a device: $name', ({ row, each }) => {
  expect(eachOf(rowOf('packet', row))).toBe(each);
});
