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
  [200, '', false, 'accepted'],
  [204, '', false, 'accepted'],
  [301, '', false, 'retry'],
  [400, 'header_missing', false, 'rejected'],
  [408, '', false, 'retry'],
  [409, 'layout_unknown', false, 'layout_unknown'],
  [409, 'kind_unknown', false, 'held'],
  [409, 'layout_refused', false, 'held'],
  [409, 'sequence_too_old', false, 'rejected'],
  [400, '', false, 'retry'],
  [401, '', false, 'retry'],
  [404, '', false, 'retry'],
  [409, '', false, 'retry'],
  [413, '', false, 'retry'],
  [413, 'too_large', false, 'rejected'],
  [422, 'kind_mismatch', false, 'rejected'],
  [429, 'log_full', true, 'busy'],
  [429, 'log_full_late', true, 'busy_late'],
  [429, '', false, 'busy'],
  [500, '', false, 'retry'],
  [500, 'internal', false, 'retry'],
  [503, 'stopping', true, 'busy'],
  [503, '', false, 'retry'],
] as const)('%d %s, Retry-After %s: %s', (status, code, retry_after, verdict) => {
  expect(verdictOf(status, code, retry_after)).toBe(verdict);
});
