// What keys make of the range: by hand, and for any range.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { earlier, frozen, later, wider } from '../../dashboards/range-keys.ts';
import { isSpan, RANGES, type RangeName } from '../../dashboards/view-state.ts';

const NOW_MS = Date.UTC(2026, 0, 31, 12);
const MINUTE_MS = 60_000;
/** Minutes before now. */
const span = (from: number, to: number) => ({ from_ms: NOW_MS - from * MINUTE_MS, to_ms: NOW_MS - to * MINUTE_MS });

test.each([
  ['earlier than the last 15 min', earlier('15m', NOW_MS), span(22.5, 7.5)],
  ['earlier than a span', earlier(span(60, 40), NOW_MS), span(70, 50)],
  ['later than a span', later(span(60, 40), NOW_MS), span(50, 30)],
  ['later than a span that ends now', later(span(20, 0), NOW_MS), span(20, 0)],
  ['later, up to now and no further', later(span(22.5, 2.5), NOW_MS), span(20, 0)],
  ['later than what moves with the time', later('1h', NOW_MS), '1h'],
  ['wider than a span', wider(span(60, 40), NOW_MS), span(70, 30)],
  ['wider than a span that ends now', wider(span(20, 0), NOW_MS), span(40, 0)],
  ['wider than the last 15 min', wider('15m', NOW_MS), '1h'],
  ['wider than the widest', wider('7d', NOW_MS), '7d'],
  ['held still', frozen('5m', NOW_MS), span(5, 0)],
  ['let go: as long as before', frozen(span(65, 60), NOW_MS), '5m'],
  ['let go: a little longer', frozen(span(70, 60), NOW_MS), '15m'],
  ['let go: the longest', frozen(span(30 * 1440, 0), NOW_MS), '7d'],
])('%s', (_, got, wanted) => expect(got).toEqual(wanted));

test('any range keeps its length, and none ends in the future', () => {
  const anySpan = fc
    .tuple(fc.integer({ min: 0, max: 30 * 86_400_000 }), fc.integer({ min: 1000, max: 7 * 86_400_000 }))
    .map(([ago_ms, length_ms]) => ({ from_ms: NOW_MS - ago_ms - length_ms, to_ms: NOW_MS - ago_ms }));
  const anyRange = fc.oneof(anySpan, fc.constantFrom(...(Object.keys(RANGES) as RangeName[])));
  fc.assert(
    fc.property(anyRange, fc.constantFrom(earlier, later), (range, key) => {
      const got = key(range, NOW_MS);
      if (!isSpan(got)) {
        expect(got).toBe(range);
        return;
      }
      const length_ms = isSpan(range) ? range.to_ms - range.from_ms : RANGES[range].length_ms;
      expect(Math.abs(got.to_ms - got.from_ms - length_ms)).toBeLessThanOrEqual(1);
      expect(got.to_ms).toBeLessThanOrEqual(NOW_MS);
      expect(Number.isInteger(got.from_ms) && Number.isInteger(got.to_ms)).toBe(true);
    }),
  );
});
