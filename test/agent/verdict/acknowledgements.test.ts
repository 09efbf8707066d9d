// What is found by index is what a look at all rows in their order finds.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Acknowledgements } from '../../../agent/verdict/acknowledgements.ts';
import { ACK, reportedTwice, type Sighting, sackBlocks, saysHas } from '../../../agent/verdict/says.ts';
import { type PacketSighting, Seen } from '../../../agent/verdict/seen.ts';
import { add, ahead, holds, type Range, RangeIndex } from '../../../agent/verdict/sequence.ts';
import type { Rows } from '../../../bpf/rows/rows.gen.ts';
import { tries } from '../../support/tries.ts';
import { rowOf } from './rows.ts';

/** Numbers turn on the way. */
const FIRST = 2 ** 32 - 3000;
const seqs = fc.integer({ min: 0, max: 12_000 }).map((bytes) => add(FIRST, bytes));
const lengths = fc.integer({ min: 0, max: 3000 });
const times = fc.integer({ min: 0, max: 50 });

const packets: fc.Arbitrary<PacketSighting[]> = fc
  .array(fc.record({ at_ns: times, seq: seqs, length: lengths, ack: seqs, has_ack: fc.boolean(), sack: seqs, sacked: lengths }), {
    maxLength: 40,
  })
  .map((all) =>
    all
      .map(({ at_ns, seq, length, ack, has_ack, sack, sacked }) => {
        const blocks = sacked > 1500 ? { sack1_from: sack, sack1_to: add(sack, sacked) } : {};
        const row = rowOf('packet', { seq, length, ack, tcp_flags: has_ack ? ACK : 0, ...blocks });
        return { at_ns, seq, end: add(seq, length), row };
      })
      .sort((a, b) => a.at_ns - b.at_ns),
  );
type Saying = Sighting<Rows['packet']>;
const lacks = ({ row }: Saying, byte: number) =>
  !saysHas(row, byte) && sackBlocks(row).some(({ seq, end }) => ahead(end, row.ack) > 0 && ahead(seq, byte) > 0);

test('what packets say that their sender has', () => {
  fc.assert(
    fc.property(packets, seqs, times, times, (all, byte, from_ns, until_ns) => {
      const said = new Acknowledgements(all);
      const within = all.filter(({ at_ns }) => at_ns >= from_ns && at_ns < until_ns);
      const span = { from_ns, until_ns };
      expect(said.firstThatHas(byte, span)).toBe(within.find(({ row }) => saysHas(row, byte)));
      expect(said.firstThatHas(byte, { from_ns: -Infinity, until_ns })).toBe(
        all.find(({ at_ns, row }) => at_ns < until_ns && saysHas(row, byte)),
      );
      expect(said.firstPast(byte, span)).toBe(within.find(({ row }) => row.tcp_flags & ACK && ahead(row.ack, byte) > 0));
      expect(said.lastThatLacks(byte, until_ns)).toBe(all.findLast((one) => one.at_ns < until_ns && lacks(one, byte)));
      expect(said.reportsTwice(span)).toBe(within.some(({ row }) => reportedTwice(row)));
      expect(said.uses_sack).toBe(all.some(({ row }) => sackBlocks(row).length > 0));
    }),
    tries(1000),
  );
});

test('what had come before', () => {
  fc.assert(
    fc.property(packets, seqs, lengths, times, (all, seq, length, before_ns) => {
      const end = add(seq, length);
      const later = (one: Range & { at_ns: number }) => one.at_ns < before_ns && ahead(one.end, one.seq) > 0 && ahead(one.seq, end) >= 0;
      expect(new Seen([], all, []).hasReached({ seq, end }, before_ns)).toBe(all.some(later));
    }),
    tries(1000),
  );
});

test('ranges that hold a byte, in their order, however long they are', () => {
  const ranges = fc.array(
    fc
      .record({ seq: seqs, length: fc.oneof(lengths, fc.integer({ min: -10, max: 2 ** 30 })) })
      .map(({ seq, length }) => ({ seq, end: add(seq, length) })),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(ranges, seqs, (all, byte) => {
      expect(new RangeIndex(all).at(byte)).toEqual(all.filter((one) => holds(one, byte)));
    }),
    tries(1000),
  );
});
