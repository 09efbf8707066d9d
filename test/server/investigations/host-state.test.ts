// How far an investigation has come at a host, from what was heard of it and when.
import { expect, test } from 'vitest';
import type { HostState } from '../../../agent/contract/investigation.ts';
import type { InvestigationRecord } from '../../../server/access/records.ts';
import { progressAt } from '../../../server/investigations/host-state.ts';

/** Began at 100 s, over at 200 s. */
const INVESTIGATION: InvestigationRecord = {
  expression: 'port = 443',
  hosts: '',
  detail: 'rows',
  rows_per_s: 1,
  rows_max: 0,
  note: '',
  begins_ms: 100_000,
  ends_ms: 200_000,
  kept_until_ms: 0,
  made_by: 'ada',
};
const RUNNING: HostState = {
  state: 'running',
  words: '',
  slot: 1,
  other_end: { watched: true, why: '' },
  matched: 2,
  passed: 2,
  over_budget: 0,
  looked_back: 0,
  looks_back_ms: 0,
};

test.each<[string, { heard_s?: number; now_s: number; state?: HostState; stopped_s?: number }, string, string | null]>([
  ['nothing was heard yet', { now_s: 190 }, 'waiting', null],
  ['nothing was heard until its end', { now_s: 210 }, 'ended', 'host_gone'],
  ['nothing was heard until somebody stopped it', { now_s: 130, stopped_s: 120 }, 'ended', 'host_gone'],
  ['it was heard just now', { heard_s: 149, now_s: 150 }, 'running', null],
  ['it was heard long ago', { heard_s: 120, now_s: 150 }, 'ended', 'host_gone'],
  ['it was heard shortly before its end, and that is over', { heard_s: 199, now_s: 900 }, 'ended', 'time'],
  ['it was heard long before its end, and that is over', { heard_s: 120, now_s: 900 }, 'ended', 'host_gone'],
  ['it has ended there', { heard_s: 120, now_s: 900, state: { ...RUNNING, state: 'ended', reason: 'safety' } }, 'ended', 'safety'],
])('%s', (_, { heard_s, now_s, state = RUNNING, stopped_s }, wanted, reason) => {
  const heard = heard_s === undefined ? undefined : { state, since_ms: 110_000, age_ms: (now_s - heard_s) * 1000 };
  const investigation = stopped_s === undefined ? INVESTIGATION : { ...INVESTIGATION, stopped_ms: stopped_s * 1000 };
  expect(progressAt(heard, investigation, now_s * 1000)).toMatchObject({ state: wanted, reason });
});
