// From the first hosts to all, and back: the rules of a rollout, with the time as an argument.
import { expect, test } from 'vitest';
import type { RolloutRecord } from '../../../server/access/records.ts';
import { type Facts, firstOf, harmOf, settled, step, versionFor } from '../../../server/control/rollout.ts';

const NOTHING: Facts = { troubles: [], late: [] };
const at = (stage: RolloutRecord['stage'], changes: Partial<RolloutRecord> = {}): RolloutRecord => ({
  version: 7,
  base: 6,
  first: ['a', 'b'],
  stage,
  why: '',
  stage_ms: 1000,
  watch_ms: 60_000,
  accept_loss: false,
  ...changes,
});

test.each([
  { it: 'waits while the first are watched', before: at('first'), facts: NOTHING, now_ms: 60_999, stage: 'first' },
  { it: 'goes on to all then', before: at('first'), facts: NOTHING, now_ms: 61_000, stage: 'all' },
  { it: 'is watched again there', before: at('all'), facts: NOTHING, now_ms: 60_999, stage: 'all' },
  { it: 'is done then', before: at('all'), facts: NOTHING, now_ms: 61_000, stage: 'done' },
  {
    it: 'goes back where a host has trouble',
    before: at('first'),
    facts: { ...NOTHING, troubles: [{ host: 'a', why: 'has lost 5 of 9 rows since' }] },
    now_ms: 1001,
    stage: 'rolled_back',
    why: 'a has lost 5 of 9 rows since',
  },
  {
    it: 'goes back from all, too',
    before: at('all'),
    facts: {
      ...NOTHING,
      troubles: [
        { host: 'c', why: 'has fallen silent since' },
        { host: 'd', why: 'x' },
      ],
    },
    now_ms: 1001,
    stage: 'rolled_back',
    why: 'c has fallen silent since; 2 hosts have such trouble',
  },
  {
    it: 'goes back where the first did not take it',
    before: at('first'),
    facts: { ...NOTHING, late: ['b'] },
    now_ms: 61_000,
    stage: 'rolled_back',
    why: '1 of the first 2 hosts did not take it, b among them',
  },
  {
    it: 'stays done, whatever happens later',
    before: at('done'),
    facts: { ...NOTHING, troubles: [{ host: 'a', why: 'x' }] },
    now_ms: 99_000,
    stage: 'done',
  },
] as const)('it $it', ({ before, facts, now_ms, stage, ...rest }) => {
  const next = step(before, facts, now_ms);
  expect(next.stage).toBe(stage);
  expect(next.why).toBe('why' in rest ? rest.why : '');
  expect(next.stage_ms).toBe(stage === before.stage ? before.stage_ms : now_ms);
});

test('which version a host is to have, and which one the next begins with', () => {
  const of = (rollout: RolloutRecord | undefined) => [versionFor(rollout, 'a'), versionFor(rollout, 'z'), settled(rollout)];
  expect([of(undefined), of(at('first')), of(at('all')), of(at('done')), of(at('rolled_back'))]).toEqual([
    [0, 0, 0],
    [7, 6, 7],
    [7, 7, 7],
    [7, 7, 7],
    [6, 6, 6],
  ]);
});

test('the first are a share, at least one, and others with each version', () => {
  const hosts = Array.from({ length: 40 }, (_, index) => `host-${index}`);
  expect([firstOf(hosts, 0.1, 1).length, firstOf(hosts, 0.001, 1).length, firstOf(hosts.slice(0, 3), 0.5, 1).length]).toEqual([4, 1, 2]);
  expect(firstOf(hosts, 0.1, 1)).toEqual(firstOf(hosts.toReversed(), 0.1, 1));
  expect(firstOf(hosts, 0.1, 1)).not.toEqual(firstOf(hosts, 0.1, 2));
});

const before = { seen: 100_000, lost: 0, withheld: 0 };
test.each([
  { it: 'nothing lost', now: { seen: 200_000, lost: 0, withheld: 0 }, says: undefined },
  { it: 'a row or two', now: { seen: 100_010, lost: 2, withheld: 0 }, says: undefined },
  { it: 'one in a thousand', now: { seen: 200_000, lost: 100, withheld: 0 }, says: undefined },
  { it: 'more', now: { seen: 200_000, lost: 101, withheld: 0 }, says: 'has lost 101 of 100000 rows since' },
  {
    it: 'budgets that withhold',
    now: { seen: 100_100, lost: 0, withheld: 50 },
    says: 'withholds 50 of 100 rows by its budgets since; where that is meant, accept the loss',
  },
  { it: 'budgets that withhold, as meant', now: { seen: 100_100, lost: 0, withheld: 50 }, accept: true, says: undefined },
  { it: 'losses as many as before', of: { ...before, lost: 10_000 }, now: { seen: 200_000, lost: 20_000, withheld: 0 }, says: undefined },
  {
    it: 'many more than before',
    of: { ...before, lost: 10_000 },
    now: { seen: 200_000, lost: 40_000, withheld: 0 },
    says: 'has lost 30000 of 100000 rows since',
  },
])('rows of a host: $it', ({ of = before, now, accept = false, says }) => {
  expect(harmOf(of, now, accept)).toBe(says);
});
