import { expect, test } from 'vitest';
import { listenerSeverity, listenerWords } from '../../dashboards/listener-words.ts';
import type { Listener } from '../../server/api.ts';

const WELL = {
  overflows: 0,
  drops: 0,
  full: 0.1,
  accept_queue_max: 3,
  accept_queue_limit: 128,
  sockets: 1,
  syns_resent: 0,
  gone_us: 0,
  gone_from_ms: null,
  left_waiting: 0,
} as Listener;

test.each([
  ['keeps up', {}, 'none', /^$/],
  [
    'full',
    { overflows: 14, drops: 14, full: 1.01, accept_queue_max: 129 },
    'bad',
    /^Its accept queue was full 14 times when somebody asked to connect; who asks again counts again \(up to 129 waited in its queue, 128 may\)\. The process calls accept\(\) too seldom, or its backlog is too small\.$/,
  ],
  [
    'nearly full',
    { full: 0.9, accept_queue_max: 115 },
    'warn',
    /^Its accept queue is nearly full: up to 115 waited in its queue, 128 may\.$/,
  ],
  [
    'closed for a while',
    { gone_us: 5_200_000, gone_from_ms: Date.UTC(2026, 0, 1, 10, 0, 1, 250), syns_resent: 3 },
    'none',
    /^Nobody listened for 5\.2\ss, the last time from \d\d:\d\d:01\.250: its socket was closed, and whoever asked to connect was refused\. Clients on watched hosts sent 3 SYNs to it again\.$/,
  ],
  [
    'closed while some waited',
    { left_waiting: 2 },
    'none',
    /^2 connections waited for accept\(\) when it was closed: .* their clients were reset\.$/,
  ],
  ['other drops', { drops: 3 }, 'none', /^3 packets were dropped for other reasons/],
  [
    'of several sockets',
    { overflows: 1, drops: 2, full: 1, sockets: 4, accept_queue_limit: 512 },
    'bad',
    /was full once when .*one queue, 128 may.* 1 packet was dropped/,
  ],
] as const)('%s', (_name, change, severity, words) => {
  const one = { ...WELL, ...change };
  expect(listenerSeverity(one)).toBe(severity);
  expect(listenerWords(one)).toMatch(words);
});
