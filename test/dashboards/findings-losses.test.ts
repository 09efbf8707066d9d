// What is said of loss, and of what was sent again without any; and that the costliest comes first.
import { describe, expect, test } from 'vitest';
import type { Whose } from '../../dashboards/views/connection/findings/finding.ts';
import { findingsOf } from '../../dashboards/views/connection/findings.ts';
import type { Connection, Retransmit } from '../../server/api.ts';
import { QUIET, saidOf } from './quiet-connection.ts';

const resent = (name: Retransmit['class'], segments: number, change: Partial<Retransmit> = {}) =>
  ({ class: name, segments, bytes: 1448, outcome: 'sent', ...change }) as Retransmit;
const repair = (old_ca_state: 'recovery' | 'loss' | 'open', duration_us: number) =>
  ({ old_ca_state, duration_us }) as Connection['congestion'][number];
const LOSSY: Partial<Connection> = {
  total_retrans: 49,
  retrans_data: 48,
  retransmits: [resent('fast', 40), resent('rto', 8), resent('tlp', 1), resent('syn', 2, { bytes: 0 })],
  congestion: [repair('open', 5_000_000), repair('recovery', 200_000), repair('loss', 1_000_000)],
};
const cases: readonly (readonly [name: string, change: Partial<Connection>, whose: Whose, words: RegExp])[] = [
  [
    'spurious retransmissions',
    { total_retrans: 4, retrans_data: 4, retrans_spurious: 4 },
    'not loss',
    /4 segments of 4 .* had not been lost: reordering/,
  ],
  [
    'loss',
    LOSSY,
    'the path',
    /^48 of 1 000 data segments \(4\.80 %\) were lost on the way or at the peer’s host: this end had to send them again, by class fast 40, timeout 8\. It spent 1\.2 s on repairing that\.$/,
  ],
  [
    'loss in the own queue',
    { total_retrans: 3, retrans_data: 3, retransmits: [resent('fast', 3, { outcome: 'failed' })] },
    'this host',
    /^3 of 1 000 data segments .* lost, some of them before they left this host: this end had to send them again, by class fast 3\.$/,
  ],
  [
    'FINs and probes alone',
    { total_retrans: 4, retransmits: [resent('rto', 3, { bytes: 0 }), resent('tlp', 1)] },
    'not loss',
    /^No data was lost: sent again were 1 tail probe and its FIN, 3 times\.$/,
  ],
];

test.each(cases)('%s', (_name, change, whose, words) => {
  expect(saidOf(change)).toEqual([{ whose, words: expect.stringMatching(words) }]);
});

describe('the costliest comes first', () => {
  const whoses = (change: Partial<Connection>) => findingsOf({ ...QUIET, ...change }).map(({ whose }) => whose);
  const RECEIVER = { application: 0, network: 0.4, receiver: 0.6, sender: 0, host: 0 };
  test('a full window that cost more than loss did', () =>
    expect(whoses({ ...LOSSY, limits: RECEIVER })).toEqual(['the peer', 'the path']));
  test('loss that cost more than a full window', () => {
    const congestion = [repair('loss', 40_000_000)];
    expect(whoses({ ...LOSSY, congestion, limits: RECEIVER })).toEqual(['the path', 'the path']);
  });
});

test('DSACKs for probes do not hide what was lost beside them', () => {
  const retransmits = [resent('fast', 4), resent('tlp', 5)];
  const [first] = findingsOf({ ...QUIET, total_retrans: 9, retrans_data: 4, retrans_spurious: 5, retransmits });
  expect(first).toEqual({ whose: 'the path', words: expect.stringMatching(/^4 of 1.000 data segments/) });
});

test('a window that is full of what came after holes is not the peer’s doing', () => {
  const limits = { application: 0, network: 0.07, receiver: 0.93, sender: 0, host: 0 };
  const [, second] = findingsOf({ ...QUIET, ...LOSSY, congestion: [repair('loss', 58_000_000)], limits });
  expect(second).toEqual({
    whose: 'the path',
    words: expect.stringMatching(/window was full for 93.0.% of the time, much of it holding what came after lost/),
  });
});
