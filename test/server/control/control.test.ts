// The collector's side of the agents' settings, with agents made by hand: who is told what, when, and what comes of a bad change.
import { once } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import type { HostSettings, SettingsPlanned } from '../../../server/api/settings.ts';
import { until } from '../support/collector.ts';
import { type Agent, PROD, useControlled, valuesOf } from '../support/controlled.ts';

const { connect, admin, answer, stage, change, fleet, lineOf, join } = useControlled();
afterEach(() => void vi.useRealTimers());

const INTERVAL = { name: 'interval', form: { form: 'duration', min: '10ms', max: '1h' }, help: 'x', applies: 'at once' };

test('a change for a label reaches all of its agents within two seconds, and no other', async () => {
  const { prod = [], test: others = [] } = await fleet({ prod: 40, test: 5 });
  const began = performance.now();
  expect(await change({ set: { interval: '5s' } })).toMatchObject({ status: 200, body: { version: 1, hosts: 40, first: [] } });
  for (const agent of prod)
    await until(
      () => valuesOf(agent),
      (values) => values?.['interval'] === '5s',
    );
  const last = Math.max(...prod.map(({ told_ms }) => told_ms.at(-1) ?? Number.NaN)) - began;
  console.log(`40 agents were told within ${Math.round(last)} ms`);
  expect(others.map(valuesOf)).toEqual(Array(5).fill({}));
  const said = await until(answer, ({ rollout }) => rollout?.having === 45);
  expect(said).toMatchObject({
    version: 1,
    rules: [{ where: PROD, values: { interval: '5s' } }],
    rollout: { stage: 'done', wanting: 45 },
    channels: 45,
  });
});

test.each([
  { it: 'a value without a unit', set: { interval: '5' }, says: /interval: "5" is not a duration: write a number and one of ms, s/ },
  { it: 'a value out of range', set: { interval: '2h' }, says: /interval: 2h is too large: give at most 1h/ },
  { it: 'a kind that there is not', set: { budget: 'drops=1/s' }, says: /budget: .*budgets no kind of row/ },
  { it: 'a setting that there is not', set: { sweep: '5s' }, says: /know no setting "sweep": there are interval, budget/ },
])('$it is refused before any agent hears of it', async ({ set, says }) => {
  const { prod: [agent] = [] } = await fleet({ prod: 1 });
  const { status, body } = await change({ set: set as Record<string, string> });
  expect({ status, code: body['code'], message: body['message'] }).toEqual({
    status: 422,
    code: 'settings_invalid',
    message: expect.stringMatching(says),
  });
  expect(agent?.told.map(({ version }) => version)).toEqual([0]);
});

test('what an agent of another version cannot do is refused, and says which host', async () => {
  const line = await lineOf('prod');
  const old = await join(line, 'old-1');
  await connect(old, { agent_version: '0.0.9', known: [{ ...INTERVAL, form: { form: 'duration', min: '1s', max: '1m' } as never }] });
  await until(answer, ({ channels: open }) => open === 1);
  const refusedBy = async (set: Record<string, string>) => (await change({ set })).body['message'];
  expect(await refusedBy({ interval: '5m' })).toMatch(/interval: 5m is too large: give at most 1m/);
  expect(await refusedBy({ 'cpu-budget': '1%' })).toMatch(
    /old-1, whose agent is version 0\.0\.9, knows no setting "cpu-budget": there are interval/,
  );
  expect(await change({ set: { interval: '30s' } })).toMatchObject({ status: 200 });
  // It says nothing of others.
  expect(await change({ where: { labels: { env: 'test' }, hosts: [] }, set: { 'cpu-budget': '1%' } })).toMatchObject({ status: 200 });
});

test('a dry run says what would be, and changes nothing', async () => {
  const { prod = [] } = await fleet({ prod: 10 });
  const { body } = await change({ set: { interval: '5s' }, share: 0.2, dry_run: true });
  expect(body as SettingsPlanned).toMatchObject({ version: 1, hosts: 10 });
  expect((body as SettingsPlanned).first).toHaveLength(2);
  expect(await answer()).toMatchObject({ version: 0, rules: [], rollout: null });
  expect(prod.every(({ told }) => told.length === 1)).toBe(true);
});

const WATCH_MS = 60_000;
/** From now on a rollout's time passes by hand: a slow machine needs more of it than a short one has. */
const stopClock = () => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
const watchIsOver = () => vi.setSystemTime(Date.now() + WATCH_MS);

type Counts = { seen: number; lost: number; withheld: number };

/** Rows as an agent tells of them: before the change, then after it. */
function counts(agent: Agent, version: number, after: Counts): void {
  agent.say({ type: 'rows', version, seen: 1000, lost: 0, withheld: 0 });
  agent.say({ type: 'rows', version, ...after });
}

/** The same, once the collector has heard it and written down what it makes of it. */
async function counted(agents: readonly Agent[], version: number, after: Counts): Promise<void> {
  for (const agent of agents) {
    const heard = once(agent.socket, 'pong');
    counts(agent, version, after);
    agent.socket.ping();
    await heard;
  }
  // A record that is written after those.
  await lineOf('none');
}

test('the first share takes it, then all', async () => {
  const { prod = [] } = await fleet({ prod: 10 });
  stopClock();
  await change({ set: { interval: '5s' }, share: 0.2, watch_ms: WATCH_MS });
  const taken = () => prod.filter((agent) => valuesOf(agent)?.['interval'] === '5s').length;
  await until(taken, (count) => count === 2);
  const { rollout } = await until(answer, ({ rollout: now }) => now?.having === 2);
  expect(rollout).toMatchObject({ stage: 'first', wanting: 2 });
  await counted(prod, 1, { seen: 5000, lost: 1, withheld: 0 });
  expect(taken()).toBe(2);
  watchIsOver();
  await until(taken, (count) => count === 10);
  watchIsOver();
  expect((await stage()).rollout).toMatchObject({ stage: 'done', why: '' });
});

test.each([
  { it: 'loses rows', after: { seen: 1100, lost: 20, withheld: 0 }, accept_loss: false, why: /prod-\d has lost 20 of 100 rows since/ },
  { it: 'withholds rows', after: { seen: 1100, lost: 0, withheld: 90 }, accept_loss: false, why: /withholds 90 of 100 rows/ },
])('one that $it stops at the first share, and is taken back by itself', async ({ after, accept_loss, why }) => {
  const { prod = [] } = await fleet({ prod: 10 });
  await change({ set: { interval: '5s' }, share: 0.1, watch_ms: 600_000, accept_loss });
  const isTold = (agent: Agent) => agent.told.some(({ values }) => values['interval'] === '5s');
  await until(
    () => prod.filter(isTold).length,
    (count) => count === 1,
  );
  const hit = prod.find(isTold) as Agent;
  counts(hit, 1, after);
  expect((await stage()).rollout).toMatchObject({ stage: 'rolled_back', why: expect.stringMatching(why) });
  await until(
    () => valuesOf(hit),
    (values) => values?.['interval'] === undefined,
  );
  expect(prod.filter(isTold)).toEqual([hit]);
  expect(await answer()).toMatchObject({ version: 0, rules: [] });
});

test('withheld rows that are meant to be withheld stop nothing', async () => {
  const { prod = [] } = await fleet({ prod: 2 });
  stopClock();
  await change({ set: { interval: '5s' }, watch_ms: WATCH_MS, accept_loss: true });
  await until(answer, ({ rollout }) => rollout?.having === 2);
  await counted(prod, 1, { seen: 1100, lost: 0, withheld: 90 });
  watchIsOver();
  expect((await stage()).rollout).toMatchObject({ stage: 'done' });
});

test('hosts that say nothing of the change end it', async () => {
  const line = await lineOf('prod');
  for (const name of ['one', 'two']) await connect(await join(line, name), {}, false);
  await until(answer, ({ channels: open }) => open === 2);
  await change({ set: { interval: '5s' }, share: 0.5, watch_ms: 500 });
  expect((await stage()).rollout).toMatchObject({
    stage: 'rolled_back',
    why: expect.stringMatching(/1 of the first 1 hosts did not take it/),
  });
});

test('a host that falls silent ends it, and one that comes back does not', async () => {
  const { prod = [] } = await fleet({ prod: 2 });
  await change({ set: { interval: '5s' }, watch_ms: 600_000 });
  for (const agent of prod)
    await until(
      () => valuesOf(agent),
      (values) => values?.['interval'] === '5s',
    );
  const [back, gone] = prod as [Agent, Agent];
  back.socket.terminate();
  await connect(back.host, { version: 1 });
  gone.socket.terminate();
  const { rollout } = await stage();
  expect(rollout).toMatchObject({ stage: 'rolled_back', why: expect.stringMatching(/^prod-\d has fallen silent since$/) });
});

test('only one change at a time; a rollout is taken back by hand, and an earlier version comes back', async () => {
  const { prod: [agent, other] = [] } = await fleet({ prod: 2 });
  await change({ set: { interval: '5s' } });
  await change({ set: { interval: '6s' }, share: 0.5, watch_ms: 600_000 });
  expect(await change({ set: { interval: '7s' } })).toMatchObject({ status: 409, body: { code: 'rollout_under_way' } });
  expect(await admin(ADMIN_API.settingsRollback, { version: null })).toMatchObject({ body: { version: 1 } });
  for (const one of [agent, other])
    await until(
      () => one && valuesOf(one),
      (values) => values?.['interval'] === '5s',
    );
  expect((await answer()).rollout).toMatchObject({ stage: 'rolled_back', why: 'owner has taken it back' });
  await change({ set: { interval: '8s' } });
  expect(await admin(ADMIN_API.settingsRollback, { version: 1 })).toMatchObject({ body: { version: 4 } });
  expect(await answer()).toMatchObject({ version: 4, rules: [{ values: { interval: '5s' } }] });
  expect(await admin(ADMIN_API.settingsRollback, { version: 99 })).toMatchObject({ status: 404 });
  const entries = async () => (await admin(`${ADMIN_API.audit}?limit=50`)).body as { entries: { action: string }[] };
  // Four changes, one of them refused, and three ways back.
  await until(entries, ({ entries: found }) => found.filter(({ action }) => action.startsWith('settings_')).length === 7);
});

test('what is in force at a host is what its agent says', async () => {
  const { prod: [agent] = [] } = await fleet({ prod: 1 });
  await change({ set: { interval: '5s' } });
  // Its first answer, that it takes all of it, has gone then: this one comes after it.
  await until(
    () => agent && valuesOf(agent),
    (values) => values?.['interval'] === '5s',
  );
  const in_force = [{ name: 'interval', value: '1s', from: 'command line', wanted: '5s', why: 'this host has pinned it' }];
  agent?.say({ type: 'in_force', version: 1, in_force });
  const path = ADMIN_API.hostSettings.replace(':host_id', agent?.host.host_id ?? '');
  const { body } = await until(
    () => admin(path),
    (said) => (said.body['in_force'] as object[]).length > 0,
  );
  expect(body as HostSettings).toMatchObject({ agent_version: '0.1.0', wanted: 1, version: 1, in_force, connected: true });
  expect(await admin(ADMIN_API.hostSettings.replace(':host_id', 'f'.repeat(16)))).toMatchObject({
    status: 200,
    body: { at_ms: 0, in_force: [] },
  });
});
