// Which settings a host gets by the rules, and what a change makes of them.
import { expect, test } from 'vitest';
import type { SettingsRule } from '../../../server/access/records.ts';
import { changed, differs, type Subject, valuesFor } from '../../../server/control/rules.ts';

const ALL = { labels: {}, hosts: [] };
const PROD = { labels: { env: 'prod' }, hosts: [] };
const web: Subject = { host_id: '00000000000000a1', name: 'web-1', labels: { env: 'prod', zone: 'a' } };
const db: Subject = { host_id: '00000000000000a2', name: 'db-1', labels: { env: 'test' } };
const rule = (where: SettingsRule['where'], values: Record<string, string>): SettingsRule => ({ where, values });

test.each([
  { it: 'a rule for all', rules: [rule(ALL, { interval: '5s' })], web: { interval: '5s' }, db: { interval: '5s' } },
  { it: 'a label', rules: [rule(PROD, { interval: '5s' })], web: { interval: '5s' }, db: {} },
  { it: 'two labels', rules: [rule({ labels: { env: 'prod', zone: 'b' }, hosts: [] }, { interval: '5s' })], web: {}, db: {} },
  { it: 'a name', rules: [rule({ labels: {}, hosts: ['db-1'] }, { interval: '5s' })], web: {}, db: { interval: '5s' } },
  { it: 'an id', rules: [rule({ labels: {}, hosts: [web.host_id] }, { interval: '5s' })], web: { interval: '5s' }, db: {} },
  { it: 'a name that the label excludes', rules: [rule({ ...PROD, hosts: ['db-1'] }, { interval: '5s' })], web: {}, db: {} },
  {
    it: 'several rules: the last one counts, setting by setting',
    rules: [rule(ALL, { interval: '5s', 'cpu-budget': '1%' }), rule(PROD, { interval: '1s' })],
    web: { interval: '1s', 'cpu-budget': '1%' },
    db: { interval: '5s', 'cpu-budget': '1%' },
  },
])('$it', ({ rules, web: ofWeb, db: ofDb }) => {
  expect([valuesFor(rules, web), valuesFor(rules, db)]).toEqual([ofWeb, ofDb]);
});

test('a change of the same hosts changes their rule where it stands; of others it is the last', () => {
  const rules = [rule(PROD, { interval: '1s' }), rule(ALL, { 'cpu-budget': '1%' })];
  const set = { interval: '2s', 'log-level': 'warn' };
  expect(changed(rules, { where: PROD, set, unset: [] })).toEqual([rule(PROD, set), rules[1]]);
  const zone = { labels: { zone: 'a' }, hosts: [] };
  expect(changed(rules, { where: zone, set: { interval: '3s' }, unset: [] })).toEqual([...rules, rule(zone, { interval: '3s' })]);
});

test('a rule of which all settings are taken away is gone', () => {
  expect(changed([rule(PROD, { interval: '1s' })], { where: PROD, set: {}, unset: ['interval'] })).toEqual([]);
});

test('a host differs where a value does, not where a rule does', () => {
  const before = [rule(ALL, { interval: '5s' })];
  const after = [...before, rule(PROD, { interval: '5s' })];
  expect(differs(before, after, web)).toBe(false);
  expect(differs(before, [...before, rule(PROD, { interval: '6s' })], web)).toBe(true);
  expect(differs(before, [...before, rule(PROD, { interval: '6s' })], db)).toBe(false);
  expect(differs(before, [], db)).toBe(true);
});
