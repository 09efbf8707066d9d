// What is said of a host, and in which order: words that say what to do.
import { expect, test } from 'vitest';
import { type Note, notesOf } from '../../dashboards/fleet-words.ts';
import type { FleetHost } from '../../server/api.ts';

const NOW = 1_800_000_000_000;
const S = 1000;
const DAY = 86_400 * S;
const usual: FleetHost = {
  host_id: '1',
  name: 'web-1',
  state: 'live',
  labels: {},
  kernel: '6.1.0',
  agent_version: '0.1.0',
  skew: 'same',
  hooks_refused: [],
  connections_per_s: 0,
  rows_per_s: 0,
  seen: 0,
  sent: 0,
  stored: 0,
  waiting: 0,
  lost: { kernel: 0, agent: 0, collector: 0 },
  clock_ahead_ms: null,
  certificate_ends_ms: null,
  credential_ms: NOW - DAY,
  joined_ms: NOW - DAY,
  revoked_ms: null,
  cloned_from: null,
  same_machine: [],
  began_ms: NOW - DAY,
  last_seen_ms: NOW - 4 * S,
  interval_ms: 10 * S,
};
const other = { host_id: '2', name: 'web-2' };

test.each<[Partial<FleetHost>, Note['severity'], RegExp]>([
  [{ state: 'silent', last_seen_ms: NOW - 900 * S }, 'bad', /^No report for 15\smin\. Is the host up/],
  [{ state: 'retired', last_seen_ms: NOW - 2 * DAY }, 'none', /^No report for 2\sd\./],
  [{ state: 'lagging', last_seen_ms: NOW - 45 * S }, 'warn', /last report is 45\ss old; it sends one every 10\ss/],
  [{ state: 'lagging', waiting: 12_000 }, 'warn', /^12\sk rows wait in its spool/],
  [{ state: 'revoked' }, 'warn', /credential is refused/],
  [{ state: 'new', last_seen_ms: null, joined_ms: NOW - 5 * S }, 'none', /^Joined 5\ss ago and has not reported yet/],
  [{ state: 'silent', last_seen_ms: null, joined_ms: NOW - 900 * S }, 'bad', /^Joined 15\smin ago and has not reported yet/],
  [{ skew: 'too_old' }, 'bad', /^Agent 0\.1\.0 is too old: .* Upgrade the agent/],
  [{ skew: 'too_new' }, 'bad', /^Agent 0\.1\.0 is too new: .* Upgrade the collector/],
  [{ lost: { kernel: 3, agent: 0, collector: 1 } }, 'warn', /^Rows were lost: 3 in the kernel, 1 in the collector\.$/],
  [{ clock_ahead_ms: -90 * S }, 'warn', /^Its clock is 1\smin 30\ss behind: set it/],
  [{ certificate_ends_ms: NOW + 2 * DAY }, 'warn', /^Its certificate ends in 2\sd/],
  [{ certificate_ends_ms: NOW - S }, 'bad', /^Its certificate has ended/],
  [{ cloned_from: other }, 'warn', /^A copy of web-2: it came with that host’s credential/],
  [{ same_machine: [other, other] }, 'none', /^Has the same machine-id as web-2 and 1 more/],
  [{ hooks_refused: [{ name: 'x', reason: '' }] }, 'none', /^Its kernel refuses x: what these see is missing/],
])('%j', (changes, severity, words) => {
  expect(notesOf({ ...usual, ...changes }, NOW)).toEqual([{ severity, text: expect.stringMatching(words) }]);
});

test('nothing is said of a host without trouble, nor of another version that is understood', () => {
  expect(notesOf(usual, NOW)).toEqual([]);
  expect(notesOf({ ...usual, skew: 'older', certificate_ends_ms: NOW + 90 * DAY }, NOW)).toEqual([]);
});

test('the worst comes first, and names are made harmless', () => {
  const notes = notesOf(
    { ...usual, same_machine: [{ host_id: '2', name: 'a\u202eb' }], lost: { kernel: 1, agent: 0, collector: 0 }, skew: 'too_old' },
    NOW,
  );
  expect(notes.map(({ severity }) => severity)).toEqual(['bad', 'warn', 'none']);
  expect(notes[2]?.text).toContain('a\\u202eb');
});
