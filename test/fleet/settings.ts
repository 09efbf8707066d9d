// Settings from one place, on a fleet that runs: a change reaches the hosts of a label and no other, and one that does harm goes no further than
// the first of them.
import { expect } from 'vitest';
import type { HostSettings, SettingsAnswer } from '../../server/api/settings.ts';
import { waitFor } from '../support/wait.ts';

export type Fleet = {
  admin: (...args: string[]) => Promise<string>;
  /** ids of the hosts with the label env=prod, and of those with another, that have a control channel */
  prod: readonly string[];
  others: readonly string[];
  /** what the agents of `prod` have logged */
  logs: () => readonly string[];
  /** connections between all hosts */
  talk: () => Promise<void>;
};

const settingsOf = async ({ admin }: Fleet, id: string) => JSON.parse(await admin('settings', 'host', id, '--json')) as HostSettings;
const inForceAt = ({ in_force }: HostSettings, name: string) => in_force.find((one) => one.name === name);
const stateOf = async ({ admin }: Fleet) => JSON.parse(await admin('settings', '--json')) as SettingsAnswer;

export async function changeSettings(fleet: Fleet): Promise<void> {
  const { admin, prod, others } = fleet;
  await waitFor(
    'all control channels',
    () => stateOf(fleet),
    ({ channels }) => channels >= prod.length + others.length,
    200,
  );
  await reachesAll(fleet);
  for (const id of others) expect(inForceAt(await settingsOf(fleet, id), 'spool-age')?.from).toBe('default');
  await expect(admin('settings', 'set', 'interval=5', '--label', 'env=prod')).rejects.toThrow(/"5" is not a duration/);
  await goesBack(fleet);
}

async function reachesAll(fleet: Fleet): Promise<void> {
  const { admin, prod, logs } = fleet;
  await admin('settings', 'set', 'spool-age=3h', '--label', 'env=prod', '--share', '100%', '--watch', '0s');
  const { versions } = await waitFor(
    'the change at all hosts',
    () => stateOf(fleet),
    ({ rollout: now }) => now !== null && now.having >= prod.length,
    100,
  );
  // All agents run on one machine, so their times have one clock.
  const told_ms = logs().map((log) => Number(/"time":(\d+),"version":1,.*"msg":"settings"/.exec(log)?.[1]));
  console.log(`${prod.length} agents had a change within ${Math.max(...told_ms) - (versions[0]?.made_ms ?? Number.NaN)} ms`);
  for (const id of prod)
    expect(inForceAt(await settingsOf(fleet, id), 'spool-age')).toEqual({ name: 'spool-age', value: '3h', from: 'collector' });
}

/** A change that does harm: a budget that withholds nearly all rows. */
async function goesBack(fleet: Fleet): Promise<void> {
  const { admin, prod, talk } = fleet;
  await admin('settings', 'set', 'budget=state_change=1/s', '--label', 'env=prod', '--share', '1%', '--watch', '10m');
  const { rollout } = await stateOf(fleet);
  expect(rollout).toMatchObject({ stage: 'first', wanting: 1 });
  await waitFor(
    'the change at the first host',
    () => stateOf(fleet),
    ({ rollout: now }) => now?.having === 1,
    200,
  );
  await talk();
  const after = await waitFor(
    'the change taken back',
    () => stateOf(fleet),
    ({ rollout: now }) => now?.stage === 'rolled_back',
    200,
  );
  expect(after.rollout?.why).toMatch(/withholds \d+ of \d+ rows by its budgets/);
  expect(after).toMatchObject({ version: 1 });
  const budgets = () => Promise.all(prod.map(async (id) => inForceAt(await settingsOf(fleet, id), 'budget')?.from));
  await waitFor('the budget as before', budgets, (from) => from.every((one) => one === 'default'), 200);
}
