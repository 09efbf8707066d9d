// In which state a host is, and how its agent's version is to the collector's.
import { describe, expect, test } from 'vitest';
import type { FleetState, Skew } from '../../../server/api/fleet.ts';
import { type Heard, skewOf, stateOf, type VersionRefusal } from '../../../server/fleet/state.ts';

const NOW = 1_800_000_000_000;
const S = 1000;
const HOUR = 3600 * S;
const usual: Heard = { began_ms: NOW - 5 * HOUR, last_ms: NOW - 4 * S, interval_ms: 10 * S, waiting: 0, rows_per_s: 100, isRevoked: false };

const cases: readonly (readonly [string, Partial<Heard>, FleetState])[] = [
  ['reports in time', {}, 'live'],
  ['has begun nine minutes ago', { began_ms: NOW - 540 * S }, 'new'],
  ['has begun ten minutes ago', { began_ms: NOW - 600 * S }, 'live'],
  ['two reports are missing', { last_ms: NOW - 30 * S }, 'live'],
  ['three reports are missing', { last_ms: NOW - 31 * S }, 'lagging'],
  ['a new one, of which three are missing', { began_ms: NOW - 60 * S, last_ms: NOW - 31 * S }, 'lagging'],
  ['reports once a minute, and did so two minutes ago', { interval_ms: 60 * S, last_ms: NOW - 125 * S }, 'live'],
  ['reports once a minute, and is over due', { interval_ms: 60 * S, last_ms: NOW - 185 * S }, 'silent'],
  ['was heard two minutes ago', { last_ms: NOW - 120 * S }, 'lagging'],
  ['was heard longer ago', { last_ms: NOW - 121 * S }, 'silent'],
  ['a minute of its rows waits', { waiting: 6000 }, 'live'],
  ['more waits', { waiting: 6001 }, 'lagging'],
  ['of few rows some wait', { rows_per_s: 0.1, waiting: 1000 }, 'live'],
  ['was revoked and still tries', { isRevoked: true }, 'revoked'],
  ['was revoked and is silent', { isRevoked: true, last_ms: NOW - HOUR }, 'revoked'],
  ['was heard a day ago', { last_ms: NOW - 24 * HOUR }, 'silent'],
  ['was heard longer ago than a day', { last_ms: NOW - 24 * HOUR - 1 }, 'retired'],
  ['was revoked that long ago', { isRevoked: true, last_ms: NOW - 24 * HOUR - 1 }, 'retired'],
];
test.each(cases)('%s', (_name, changes, state) => {
  expect(stateOf({ ...usual, ...changes }, NOW, 24 * HOUR)).toBe(state);
});

describe('versions', () => {
  const versions: readonly (readonly [string, string, VersionRefusal | undefined, Skew])[] = [
    ['0.1.0', '0.1.0', undefined, 'same'],
    ['0.9.0', '0.10.0', undefined, 'older'],
    ['0.10.0', '0.9.1', undefined, 'newer'],
    ['0.9.0', '0.10.0', 'layout_refused', 'too_old'],
    ['0.10.0', '0.9.0', 'layout_refused', 'too_new'],
    ['0.10.0', '0.9.0', 'kind_unknown', 'too_new'],
    // Two builds of one version: the collector has never heard of the kind.
    ['0.1.0', '0.1.0', 'kind_unknown', 'too_new'],
  ];
  test.each(versions)('agent %s, collector %s, %s: %s', (agent, own, refused, skew) => {
    expect(skewOf(agent, own, refused)).toBe(skew);
  });
});
