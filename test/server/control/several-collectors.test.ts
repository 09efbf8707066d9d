// Two collectors on one ClickHouse: a change that is made at one reaches the agents of the other, and harm that the other finds takes it back.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { ADMIN_API } from '../../../server/api/admin.ts';
import type { SettingsAnswer, SettingsChange } from '../../../server/api/settings.ts';
import { type Front, startFront } from '../storage/front-process.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { type Agent, channelTo, valuesOf } from '../support/controlled.ts';
import { ask, enrol, joinWith, ownerOf } from '../support/enrolled.ts';

let directory: TestDirectory;
let front: Front;
const collectors: TestCollector[] = [];
const channels: WebSocket[] = [];
const dataOf = (name: string) => join(directory.path, name);
const urlOf = (index: 0 | 1) => collectors[index]?.url ?? '';
beforeAll(async () => {
  directory = await testDirectory();
  front = await startFront(directory.path);
  const options = { listen: '0.0.0.0:0', clickhouse: `${front.url}/tcplens` };
  for (const name of ['one', 'two']) collectors.push(await startCollector(dataOf(name), options));
});
afterAll(async () => {
  for (const channel of channels) channel.terminate();
  for (const collector of collectors) await collector.stop();
  await front.end('SIGTERM');
  await directory.remove();
});

const atOne = (path: string, body?: object) => ask(urlOf(0) + path, { headers: ownerOf(dataOf('one')), body });
const answer = async () => (await atOne(ADMIN_API.settings)).body as SettingsAnswer;
const change = (set: Record<string, string>, changes: Partial<SettingsChange> = {}) =>
  atOne(ADMIN_API.settings, {
    where: { labels: {}, hosts: [] },
    set,
    unset: [],
    share: 1,
    watch_ms: 0,
    accept_loss: false,
    note: '',
    dry_run: false,
    ...changes,
  } satisfies SettingsChange);
const isTold = (agent: Agent, interval: string | undefined) =>
  until(
    () => valuesOf(agent),
    (values) => values !== undefined && values['interval'] === interval,
  );

test('each tells its own agents, and they come to the same end', async () => {
  const line = await enrol(urlOf(0), dataOf('one'));
  const [here, there] = [await joinWith(urlOf(0), line, { name: 'here' }), await joinWith(urlOf(1), line, { name: 'there' })];
  const agents = [await channelTo(urlOf(0), channels, here), await channelTo(urlOf(1), channels, there)] as const;
  for (const agent of agents) await isTold(agent, undefined);
  expect(await change({ interval: '5s' })).toMatchObject({ status: 200, body: { version: 1, hosts: 2 } });
  const began = performance.now();
  for (const agent of agents) await isTold(agent, '5s');
  console.log(`the agent of the other collector was told after ${Math.round(performance.now() - began)} ms`);
  await until(answer, ({ rollout }) => rollout?.having === 2);
  await change({ interval: '6s' }, { watch_ms: 600_000 });
  for (const agent of agents) await isTold(agent, '6s');
  agents[1].say({ type: 'rows', version: 2, seen: 1000, lost: 0, withheld: 0 });
  agents[1].say({ type: 'rows', version: 2, seen: 2000, lost: 500, withheld: 0 });
  const { rollout } = await until(answer, ({ rollout: now }) => now?.stage === 'rolled_back');
  expect(rollout?.why).toMatch(/^there has lost 500 of 1000 rows since/);
  for (const agent of agents) await isTold(agent, '5s');
});
