import { describe, expect, test } from 'vitest';
import { type Severity, VERDICTS } from '../../dashboards/verdicts.ts';
import type { Overview, Tiles } from '../../server/api.ts';

const TILES: Tiles = {
  connections_per_s: 10,
  retransmit_ratio: 0.001,
  data_segs_out: 10_000,
  resent: { data: 10, spurious: 0, probes: 0, fins: 0, syns: 0 },
  rtt_p50_us: 1000,
  rtt_p99_us: 2000,
  attempts: 9000,
  syn_ratio: 0,
  failed_ratio: 0,
  failed: 0,
  resets_per_s: 0,
  rsts_per_s: 0,
  accept_overflows: null,
  dropped: 0,
  unattributed: null,
  completeness: 1,
  incomplete: [],
  latest: {
    connections_per_s: 74,
    retransmit_ratio: 0,
    rtt_p50_us: 900,
    rtt_p99_us: 1900,
    syns_resent_per_s: 0,
    failed_per_s: 0,
    resets_per_s: 0,
    accept_overflows: null,
  },
};
const missing = (completeness: number, withheld = 0) => ({ kind: 'sample', completeness, withheld });
const NOTHING = { data: 0, spurious: 0, probes: 0, fins: 0, syns: 0 };

function overview(tiles: Partial<Tiles>): Overview {
  return { from_ms: 0, to_ms: 900_000, tiles: { ...TILES, ...tiles } } as Overview;
}

type Case = readonly [keyof typeof VERDICTS, Partial<Tiles>, Severity, RegExp];
function check(cases: readonly Case[]): void {
  test.each(cases)('%s %j is %s', (name, tiles, severity, words) => {
    expect(VERDICTS[name](overview(tiles))).toEqual({ severity, words: expect.stringMatching(words) });
  });
}

describe('tiles in words', () => {
  check([
    ['connections_per_s', {}, 'ok', /opened/],
    ['connections_per_s', { connections_per_s: null }, 'none', /nothing measured/],
    ['retransmit_ratio', {}, 'ok', /low/],
    ['retransmit_ratio', { retransmit_ratio: 0, resent: NOTHING }, 'ok', /^nothing sent twice$/],
    ['retransmit_ratio', { retransmit_ratio: 0.005 }, 'warn', /raised/],
    ['retransmit_ratio', { retransmit_ratio: 0.02 }, 'bad', /high/],
    [
      'retransmit_ratio',
      { retransmit_ratio: 0.02, resent: { ...NOTHING, data: 212, spurious: 12, probes: 1 } },
      'bad',
      /^high: transfers stall; resent, and no loss of data: 1 tail probe, 12 not needed$/,
    ],
    ['retransmit_ratio', { retransmit_ratio: 0.02, accept_overflows: 3 }, 'bad', /high.*; a full accept queue may explain it/],
    ['retransmit_ratio', { retransmit_ratio: null, resent: NOTHING }, 'none', /^no data sent$/],
    ['retransmit_ratio', { retransmit_ratio: 0.3, data_segs_out: 99 }, 'none', /too little data/],
    ['syn_ratio', {}, 'ok', /^each answered at once$/],
    ['syn_ratio', { attempts: 0, syn_ratio: null }, 'none', /no connects attempted/],
    [
      'syn_ratio',
      { syn_ratio: 1.2, attempts: 85, resent: { ...NOTHING, syns: 102 } },
      'bad',
      /^102 SYNs or SYN-ACKs resent: lost or filtered, or met a full/,
    ],
    [
      'syn_ratio',
      { syn_ratio: 0.02, resent: { ...NOTHING, syns: 180 }, accept_overflows: 90 },
      'warn',
      /^180 .* resent: a full accept queue, or lost/,
    ],
    ['syn_ratio', { syn_ratio: 1, attempts: 3, resent: { ...NOTHING, syns: 3 } }, 'none', /^3 SYNs/],
    ['syn_ratio', { syn_ratio: null, attempts: 0, resent: { ...NOTHING, syns: 5 } }, 'none', /^5 .* resent, no answer yet$/],
    ['rtt', {}, 'ok', /even/],
    ['rtt', { rtt_p99_us: 48_000 }, 'ok', /slowest 1 % wait 48× the median/],
    ['failed_ratio', { failed: 3, failed_ratio: 0.5 }, 'none', /3 of 6 connects/],
    ['failed_ratio', { failed: 3, failed_ratio: 0.02 }, 'warn', /3 of 150 connects/],
    ['failed_ratio', { failed: 30, failed_ratio: 0.1 }, 'bad', /30 of 300/],
    ['resets_per_s', {}, 'ok', /^none$/],
    ['resets_per_s', { rsts_per_s: 16 }, 'ok', /^none ended an open connection; 16 RSTs\/s in all$/],
    ['resets_per_s', { resets_per_s: 0.1 }, 'ok', /1 for every 100 opened/],
    ['resets_per_s', { resets_per_s: 3 }, 'bad', /1 for every 3 opened/],
    ['resets_per_s', { resets_per_s: 20 }, 'bad', /2 for each one opened/],
    ['resets_per_s', { resets_per_s: 0.01, connections_per_s: 0.01 }, 'none', /few connections/],
    ['accept_overflows', {}, 'none', /no listener was looked at/],
    ['accept_overflows', { accept_overflows: 0 }, 'ok', /kept up/],
    ['accept_overflows', { accept_overflows: 14 }, 'bad', /full queue/],
    ['completeness', {}, 'ok', /no row is missing/],
    [
      'completeness',
      { completeness: 0.9999, incomplete: [missing(0.9998)] },
      'ok',
      /^sample rows: 0.02.% lost; all other kinds are whole$/,
    ],
    ['completeness', { completeness: 0.98, incomplete: [missing(0.96)] }, 'bad', /^sample rows: 4.00.% lost/],
    // A budget is somebody's will, and tells nothing of the other kinds.
    [
      'completeness',
      { completeness: 0.6, incomplete: [missing(0.2, 0.8)] },
      'none',
      /^sample rows: 80.0.% over budget; all other kinds are whole$/,
    ],
    ['completeness', { completeness: 0.6, incomplete: [missing(0.18, 0.8)] }, 'bad', /^sample rows: 2.00.% lost, 80.0.% over budget/],
    ['completeness', { unattributed: 0 }, 'ok', /^no row is missing$/],
    ['completeness', { unattributed: 7 }, 'ok', /no row is missing; 7 resent unseen/],
    ['completeness', { completeness: null }, 'none', /no agent/],
  ]);
});

describe('what was sent again and was no loss is said for what it was', () => {
  const none = { retransmit_ratio: 0 };
  check([
    [
      'retransmit_ratio',
      { ...none, resent: { ...NOTHING, data: 3, spurious: 3 } },
      'ok',
      /^no data lost; resent, and no loss of data: 3 not needed$/,
    ],
    ['retransmit_ratio', { ...none, resent: { ...NOTHING, probes: 5 } }, 'ok', /^no data lost; .*: 5 tail probes$/],
    ['retransmit_ratio', { ...none, resent: { ...NOTHING, fins: 2 } }, 'ok', /^no data lost; .*: 2 FINs$/],
    ['retransmit_ratio', { ...none, resent: { ...NOTHING, syns: 102 } }, 'ok', /^no data lost; .*: 102 SYNs$/],
    ['retransmit_ratio', { retransmit_ratio: null, resent: { ...NOTHING, syns: 102 } }, 'none', /^no data sent; .*: 102 SYNs$/],
  ]);
});

describe('too little is told, not judged', () => {
  check([['retransmit_ratio', { retransmit_ratio: 0.5, data_segs_out: 99 }, 'none', /too little data/]]);
});
