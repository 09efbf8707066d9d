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
  { header: undefined, ms: undefined },
  { header: '3', ms: 3000 },
  { header: 'Thu, 01 Jan 2026 00:00:07 GMT', ms: 7000 },
  { header: 'Wed, 31 Dec 2025 23:59:00 GMT', ms: undefined },
  { header: '0', ms: undefined },
  { header: '-1', ms: undefined },
  { header: '', ms: undefined },
  { header: '1', ms: 1000 },
  { header: '99999999999999999999', ms: 300_000 },
  { header: '999999', ms: 300_000 },
  { header: 'soon', ms: undefined },
])('Retry-After $header is $ms ms', ({ header, ms }) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

test.each([
  [200, '', '', 'retry'],
  [200, '', 'receipt', 'accepted'],
  [204, '', '', 'retry'],
  [301, '', '', 'retry'],
  [301, 'kind_mismatch', 'receipt', 'retry'],
  [400, 'header_missing', '', 'retry'],
  [403, 'host_forbidden', '', 'retry'],
  [404, 'not_found', '', 'retry'],
  [404, 'not_found', 'receipt', 'retry'],
  [408, '', '', 'retry'],
  [409, 'layout_unknown', '', 'layout_unknown'],
  [409, 'kind_unknown', '', 'held'],
  [409, 'layout_refused', '', 'held'],
  [409, 'conflict', '', 'retry'],
  [409, 'sequence_too_old', '', 'retry'],
  [409, 'sequence_too_old', 'receipt', 'rejected'],
  [400, '', '', 'retry'],
  [401, '', '', 'retry'],
  [413, '', '', 'retry'],
  [413, 'too_large', '', 'retry'],
  [413, 'too_large', 'receipt', 'rejected'],
  [422, 'kind_mismatch', '', 'retry'],
  [422, 'kind_mismatch', 'receipt', 'rejected'],
  [429, 'log_full', 'wait', 'busy'],
  [429, 'log_full_late', 'wait', 'busy_late'],
  [429, '', '', 'busy'],
  [429, 'kind_mismatch', 'receipt', 'busy'],
  [500, '', '', 'retry'],
  [500, 'internal', 'receipt', 'retry'],
  [500, 'kind_mismatch', 'receipt', 'retry'],
  [503, 'stopping', 'wait', 'busy'],
  [503, '', '', 'retry'],
] as const)('%d %s %s: %s', (status, code, beside, verdict) => {
  expect(verdictOf({ status, code, retry_after: beside === 'wait', is_receipt: beside === 'receipt' })).toBe(verdict);
});
