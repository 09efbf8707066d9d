// How far apart two clocks are, from packets that were seen at both ends: the truth is always within what is said.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Clock, clockOf, narrowest } from '../../../agent/verdict/clock.ts';
import type { PacketSighting } from '../../../agent/verdict/seen.ts';
import { tries } from '../../support/tries.ts';
import { rowOf } from './rows.ts';

const at = (sent: PacketSighting[], received: PacketSighting[]) => ({ sent, received });
const packet = (seq: number, at_ns: number): PacketSighting => ({ seq, end: seq + 1, at_ns, row: rowOf('packet', { seq, length: 1 }) });
const within = ({ offset_ns, uncertainty_ns }: Clock, offset: number) =>
  expect(Math.abs(offset_ns - offset)).toBeLessThanOrEqual(uncertainty_ns + 1e-3);

/** Packets of one way, by how long each takes, as both clocks have them. */
function way(delays: readonly number[], offset: number): { left: PacketSighting[]; came: PacketSighting[] } {
  const left = delays.map((_, seq) => packet(seq, seq * 1000));
  return { left, came: left.map(({ seq, at_ns }) => packet(seq, at_ns + (delays[seq] ?? 0) + offset)) };
}

const delays = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 20 });

test('however unlike both ways are, the difference is within the uncertainty', () => {
  fc.assert(
    fc.property(delays, delays, fc.integer({ min: -1e12, max: 1e12 }), (out, back, offset) => {
      const there = way(out, offset);
      const here = way(back, -offset);
      const clock = clockOf(at(there.left, here.came), at(here.left, there.came), false);
      within(clock, offset);
      expect(clock.uncertainty_ns).toBeCloseTo((Math.min(...out) + Math.min(...back)) / 2, 2);
      within(narrowest([clock, { offset_ns: offset + 5, uncertainty_ns: 10 }]), offset);
    }),
    tries(200),
  );
});

test('one host has one clock', () => {
  expect(clockOf(at([], []), at([], []), true)).toEqual({ offset_ns: 0, uncertainty_ns: 0 });
});

test('one way alone bounds one side: that is no estimate', () => {
  const { left, came } = way([5, 3], 100);
  expect(clockOf(at(left, []), at([], came), false)).toEqual({ offset_ns: 103, uncertainty_ns: Infinity });
});

test('a packet that was sent twice and looks the same is no measure', () => {
  const twice = [packet(1, 0), packet(1, 5000)];
  expect(clockOf(at(twice, []), at([], [packet(1, 5001)]), false).uncertainty_ns).toBe(Infinity);
});
