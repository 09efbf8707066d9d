import { expect, test } from 'vitest';
import { retryAfterMs, retryDelayMs, verdictOf } from '../../../agent/uplink/retry.ts';

test.each([
  { failures: 1, random: 0, delay: 500 },
  { failures: 1, random: 0.5, delay: 750 },
  { failures: 3, random: 0.999999, delay: 4000 },
  { failures: 6, random: 0.999999, delay: 30_000 },
  { failures: 1000, random: 0, delay: 500 },
  { failures: 1000, random: 0.999999, delay: 30_000 },
])('after $failures failures, random $random: $delay ms', ({ failures, random, delay }) => {
  expect(retryDelayMs(failures, random)).toBe(delay);
});

const NOW = Date.parse('2026-01-01T00:00:00Z');
test.each([
  { header: null, ms: undefined },
  { header: '3', ms: 3000 },
  { header: 'Thu, 01 Jan 2026 00:00:07 GMT', ms: 7000 },
  { header: 'Wed, 31 Dec 2025 23:59:00 GMT', ms: 0 },
  { header: '999999', ms: 300_000 },
  { header: 'soon', ms: undefined },
])('Retry-After $header is $ms ms', ({ header, ms }) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

test.each([
  [200, 'accepted'],
  [204, 'accepted'],
  [301, 'retry'],
  [400, 'rejected'],
  [408, 'retry'],
  [413, 'rejected'],
  [429, 'retry'],
  [500, 'retry'],
  [503, 'retry'],
] as const)('%d is %s', (status, verdict) => {
  expect(verdictOf(status)).toBe(verdict);
});
