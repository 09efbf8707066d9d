import { describe, expect, test } from 'vitest';
import { type Severity, VERDICTS } from '../../dashboards/verdicts.ts';
import type { Overview, Tiles } from '../../server/api.ts';

const TILES: Tiles = {
  connections_per_s: 10,
  retransmit_ratio: 0.001,
  rtt_p50_us: 1000,
  rtt_p99_us: 2000,
  failed_ratio: 0,
  failed: 0,
  resets_per_s: 0,
  accept_overflows: null,
  dropped: 0,
  spurious: 0,
  unattributed: null,
  completeness: 1,
};

function overview(tiles: Partial<Tiles>, steps: (number | null)[]): Overview {
  return { from_ms: 0, to_ms: 900_000, tiles: { ...TILES, ...tiles }, series: { retransmit_ratio: steps } } as Overview;
}

type Case = readonly [keyof typeof VERDICTS, Partial<Tiles>, Severity, RegExp];
function check(cases: readonly Case[], steps: (number | null)[] = [0, 0, 0]): void {
  test.each(cases)('%s %j is %s', (name, tiles, severity, words) => {
    expect(VERDICTS[name](overview(tiles, steps))).toEqual({ severity, words: expect.stringMatching(words) });
  });
}

describe('tiles in words', () => {
  check([
    ['connections_per_s', {}, 'ok', /opened/],
    ['connections_per_s', { connections_per_s: null }, 'none', /nothing measured/],
    ['retransmit_ratio', {}, 'ok', /low/],
    ['retransmit_ratio', { retransmit_ratio: 0 }, 'ok', /nothing sent twice/],
    ['retransmit_ratio', { retransmit_ratio: 0.005 }, 'warn', /raised/],
    ['retransmit_ratio', { retransmit_ratio: 0.02 }, 'bad', /high/],
    ['retransmit_ratio', { retransmit_ratio: 0.02, spurious: 12 }, 'bad', /high.*; 12 not needed: no loss/],
    ['retransmit_ratio', { retransmit_ratio: null }, 'none', /no data sent/],
    ['rtt', {}, 'ok', /even/],
    ['rtt', { rtt_p99_us: 48_000 }, 'ok', /slowest 1 % wait 48× the median/],
    ['failed_ratio', { failed: 3, failed_ratio: 0.5 }, 'none', /3 of 6 connects/],
    ['failed_ratio', { failed: 3, failed_ratio: 0.02 }, 'warn', /3 of 150 connects/],
    ['failed_ratio', { failed: 30, failed_ratio: 0.1 }, 'bad', /30 of 300/],
    ['resets_per_s', {}, 'ok', /none/],
    ['resets_per_s', { resets_per_s: 0.1 }, 'ok', /1 for every 100 opened/],
    ['resets_per_s', { resets_per_s: 3 }, 'bad', /1 for every 3 opened/],
    ['resets_per_s', { resets_per_s: 20 }, 'bad', /2 for each one opened/],
    ['resets_per_s', { resets_per_s: 0.01, connections_per_s: 0.01 }, 'none', /few connections/],
    ['accept_overflows', {}, 'none', /no listener was looked at/],
    ['accept_overflows', { accept_overflows: 0 }, 'ok', /kept up/],
    ['accept_overflows', { accept_overflows: 14 }, 'bad', /full queue/],
    ['completeness', {}, 'ok', /no row is missing/],
    ['completeness', { completeness: 0.9999 }, 'ok', /some rows are missing/],
    ['completeness', { completeness: 0.98 }, 'bad', /some rows are missing/],
    ['completeness', { unattributed: 0 }, 'ok', /^no row is missing$/],
    ['completeness', { unattributed: 7 }, 'ok', /no row is missing; 7 resent unseen/],
    ['completeness', { completeness: null }, 'none', /no agent/],
  ]);
});

describe('too little is told, not judged', () => {
  check([['retransmit_ratio', { retransmit_ratio: 0.5 }, 'none', /too little data/]], [0.5, null, null]);
});
