// Two collectors on one ClickHouse: what is started at one reaches the agents of the other, and each answers for the hosts of both.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { type Front, startFront } from '../storage/front-process.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { type Agent, channelTo } from '../support/controlled.ts';
import { enrol, joinWith } from '../support/enrolled.ts';
import { asOwner, running } from '../support/investigating.ts';

/** How often the time from start to agent is measured. */
const STARTS = 20;

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

const one = asOwner(
  () => urlOf(0),
  () => dataOf('one'),
);
const other = asOwner(
  () => urlOf(1),
  () => dataOf('two'),
);
const idsOf = ({ wanted }: Agent) => wanted.at(-1)?.map(({ id }) => id) ?? [];

test('agents of both are told, at once or when they come, and both know how far each host is', async () => {
  const line = await enrol(urlOf(0), dataOf('one'));
  const [here, there] = [await joinWith(urlOf(0), line, { name: 'here' }), await joinWith(urlOf(1), line, { name: 'there' })];
  const agents = [await channelTo(urlOf(0), channels, here), await channelTo(urlOf(1), channels, there)] as const;
  for (const agent of agents)
    await until(
      () => agent.wanted.length,
      (count) => count > 0,
    );
  const took_ms: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const began_ms = performance.now();
    const id = String((await one.start({ for_ms: 600_000 })).body['id']);
    for (const agent of agents)
      await until(
        () => idsOf(agent),
        (ids) => ids.includes(id),
      );
    took_ms.push(performance.now() - began_ms);
    await one.stop(id);
    for (const agent of agents)
      await until(
        () => idsOf(agent),
        (ids) => !ids.includes(id),
      );
  }
  const sorted = took_ms.toSorted((a, b) => a - b).map(Math.round);
  console.log(`agents at both collectors were told after ${sorted[STARTS / 2]} ms, the slowest of ${STARTS} after ${sorted.at(-1)} ms`);
  const id = String((await one.start({ hosts: 'host in (here, there, late)', for_ms: 600_000 })).body['id']);
  await until(
    () => idsOf(agents[1]),
    (ids) => ids.includes(id),
  );
  agents[1].say({ type: 'investigations', states: [running(id, { matched: 7, passed: 5, over_budget: 2 })] });
  const seen = await until(
    () => one.one(id),
    ({ counts }) => counts.running === 1,
  );
  expect(seen.counts).toEqual({ waiting: 1, running: 1, ended: 0 });
  expect(seen.at_hosts.find(({ host }) => host === 'there')).toMatchObject({ state: 'running', matched: 7, passed: 5, over_budget: 2 });
  const late = await channelTo(urlOf(1), channels, await joinWith(urlOf(1), line, { name: 'late' }));
  await until(
    () => idsOf(late),
    (ids) => ids.includes(id),
  );
  await other.stop(id);
  for (const agent of [...agents, late])
    await until(
      () => idsOf(agent),
      (ids) => !ids.includes(id),
    );
});
