// What a value explains, whatever the sums: all of it is explained, and what changes with all others explains nothing beyond its share.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { excessOf, judgementOf, type Totals, weighed } from '../../../../server/storage/explore/differs/weights.ts';

const count = fc.nat({ max: 10_000 });
const value: fc.Arbitrary<Totals> = fc
  .record({ now: fc.record({ part: count, more: count }), before: fc.record({ part: count, more: count }) })
  .map(({ now, before }) => ({
    now: { part: now.part, whole: now.part + now.more + 1 },
    before: { part: before.part, whole: before.part + before.more + 1 },
  }));
const added = (all: readonly Totals[]): Totals => {
  const over = (when: 'now' | 'before', of: 'part' | 'whole') => all.reduce((sum, one) => sum + one[when][of], 0);
  return {
    now: { part: over('now', 'part'), whole: over('now', 'whole') },
    before: { part: over('before', 'part'), whole: over('before', 'whole') },
  };
};
const values = fc.array(value, { minLength: 1, maxLength: 8 });

test.each([true, false])('values explain all of a change together; a sum: %s', (isSum) => {
  fc.assert(
    fc.property(values, (all) => {
      const totals = isSum ? { now: { ...added(all).now, whole: 60 }, before: { ...added(all).before, whole: 240 } } : added(all);
      const judgement = judgementOf(isSum, totals);
      fc.pre(judgement !== undefined);
      const explained = all.reduce((sum, one) => sum + weighed(judgement?.explains ?? [0, 0, 0, 0], one), 0);
      expect(explained).toBeCloseTo(1, 6);
    }),
  );
});

test('what grows with all others explains no more than its share', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 9 }), (all, times) => {
      const grown = all.map(({ before }) => ({ before, now: { ...before, part: times * before.part } }));
      const { now, before } = added(grown);
      fc.pre(before.part > 0);
      const judgement = judgementOf(true, { now: { ...now, whole: 60 }, before: { ...before, whole: 60 } });
      expect(judgement).toBeDefined();
      if (judgement) for (const one of grown) expect(weighed(excessOf(judgement), one)).toBeCloseTo(0, 6);
    }),
  );
});

test('of a ratio, what loses as much more of its own as all others explains no more than its share', () => {
  const grown: Totals[] = [1000, 3000, 6000].map((whole) => ({
    before: { part: whole / 100, whole },
    now: { part: whole / 100 + whole / 10, whole },
  }));
  const judgement = judgementOf(false, added(grown));
  expect(grown.map((one) => (judgement ? weighed(judgement.explains, one) : Number.NaN))).toEqual(
    [0.1, 0.3, 0.6].map((share) => expect.closeTo(share, 6)),
  );
});

test('traffic that moves to where more is lost explains the rise, and what is never lost and grows explains a fall', () => {
  const bad: Totals = { before: { part: 10, whole: 100 }, now: { part: 50, whole: 500 } };
  const good: Totals = { before: { part: 0, whole: 900 }, now: { part: 0, whole: 500 } };
  const rise = judgementOf(false, added([bad, good]));
  expect(rise && weighed(excessOf(rise), bad)).toBeGreaterThan(0.5);
  const [lossy, clean]: Totals[] = [
    { before: { part: 100, whole: 1000 }, now: { part: 100, whole: 1000 } },
    { before: { part: 0, whole: 10 }, now: { part: 0, whole: 9000 } },
  ];
  const fall = judgementOf(false, added([lossy as Totals, clean as Totals]));
  expect(fall && weighed(excessOf(fall), clean as Totals)).toBeGreaterThan(0.9);
});

test.each<[string, Totals]>([
  ['nothing before', { now: { part: 5, whole: 10 }, before: { part: 0, whole: 0 } }],
  ['nothing now', { now: { part: 0, whole: 0 }, before: { part: 5, whole: 10 } }],
  ['hardly any change', { now: { part: 102, whole: 1000 }, before: { part: 100, whole: 1000 } }],
  ['nothing at all', { now: { part: 0, whole: 60 }, before: { part: 0, whole: 240 } }],
])('%s is judged by nothing', (_, totals) => {
  expect([judgementOf(true, totals), judgementOf(false, totals)]).toEqual([undefined, undefined]);
});
