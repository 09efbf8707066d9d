import { describe, expect, test } from 'vitest';
import * as format from '../../dashboards/format.ts';

/** Expected texts are written with ordinary spaces; the page uses narrow no-break ones. */
function check<Input>(say: (input: Input) => string, cases: readonly (readonly [Input, string])[]): void {
  test.each(cases)('%s → %s', (input, expected) => {
    expect(say(input).replaceAll('\u202f', ' ')).toBe(expected);
  });
}

describe('numbers: three digits, thousands apart', () => {
  check(format.formatNumber, [
    [0, '0'],
    [0.001, '<0.01'],
    [-0.001, '>-0.01'],
    [0.04, '0.04'],
    [0.1, '0.1'],
    [3.136, '3.14'],
    [9.994, '9.99'],
    [9.996, '10'],
    [48.24, '48.2'],
    [100, '100'],
    [999.4, '999'],
    [999.6, '1 000'],
    [1204, '1 204'],
    [1_234_567, '1 234 567'],
  ]);
});

describe('counts are shortened above ten thousand', () => {
  check(format.formatCount, [
    [0, '0'],
    [9999, '9 999'],
    [12_300, '12.3 k'],
    [999_600, '1 M'],
    [4_100_000, '4.1 M'],
  ]);
});

describe('bytes', () => {
  check(format.formatBytes, [
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 kB'],
    [123_456_789, '123 MB'],
    [2.5e15, '2.5 PB'],
  ]);
});

describe('ratios align in a column', () => {
  check(format.formatRatio, [
    [0, '0 %'],
    [0.000_01, '<0.01 %'],
    [0.0042, '0.42 %'],
    [0.03, '3.00 %'],
    [0.461, '46.1 %'],
    [0.9999, '100 %'],
    [1.5, '150 %'],
  ]);
});

describe('completeness never rounds up', () => {
  check(format.formatCompleteness, [
    [1, '100 %'],
    [0.999_999_9, '99.99 %'],
    [0.9998, '99.98 %'],
    [0, '0.00 %'],
  ]);
});

describe('durations from µs', () => {
  check(format.formatDurationUs, [
    [0, '0 µs'],
    [850, '850 µs'],
    [999.6, '1 ms'],
    [1234, '1.2 ms'],
    [48_211, '48 ms'],
    [999_600, '1 s'],
    [3_400_000, '3.4 s'],
    [59_940_000, '60 s'],
    [60_000_000, '1 min'],
    [125_000_000, '2 min 5 s'],
    [11_400_000_000, '3 h 10 min'],
    [90_000_000_000, '1 d 1 h'],
  ]);
});

describe('ends of a connection', () => {
  check(
    ([addr, port]: readonly [string, number]) => format.formatEndpoint(addr, port),
    [
      [['10.0.0.1', 443], '10.0.0.1:443'],
      [['2001:db8::1', 443], '[2001:db8::1]:443'],
      [['::', 0], '[::]:0'],
    ],
  );
});

describe('names a host can choose', () => {
  check(format.formatName, [
    ['nginx', 'nginx'],
    ['<b>&amp;', '<b>&amp;'],
    ['a\u001b[31mb', 'a\\u001b[31mb'],
    ['abc\u202exyz', 'abc\\u202exyz'],
    ['naïve 網', 'naïve 網'],
  ]);
});

describe('times', () => {
  test('ns beyond what a number holds', () => {
    expect(format.msOfNs('1772334245678901234')).toBeCloseTo(1_772_334_245_678.901, 3);
    expect(format.msOfNs('0')).toBe(0);
  });
  test('local wall clock', () => {
    const ms = new Date(2026, 2, 1, 3, 4, 5, 67).getTime();
    expect(format.formatClock(ms)).toBe('03:04:05');
    expect(format.formatClockMs(ms + 0.9)).toBe('03:04:05.067');
    expect(format.formatDateTime(ms)).toBe('2026-03-01 03:04:05');
    expect(format.formatWhen(ms, ms + 1)).toBe('03:04:05');
    expect(format.formatWhen(ms, ms + 48 * 3600 * 1000)).toBe('2026-03-01 03:04:05');
  });
  test('a span tells its date, and again where it ends on another day', () => {
    const from = new Date(2026, 2, 1, 23, 0, 0).getTime();
    expect(format.formatSpan(from, from + 60_000)).toBe('2026-03-01 23:00:00 – 23:01:00');
    expect(format.formatSpan(from, from + 7_200_000)).toBe('2026-03-01 23:00:00 – 2026-03-02 01:00:00');
  });
  test('a figure that was not measured is a dash', () => {
    expect(format.figure(null, format.formatNumber)).toBe('–');
    expect(format.figure(0, format.formatNumber)).toBe('0');
  });
});
