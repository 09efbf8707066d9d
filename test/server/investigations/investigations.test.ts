// Investigations as people start, follow and end them, at one collector whose agents are made by hand.
import { expect, test } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { INVESTIGATIONS_API, type OneInvestigation } from '../../../server/api/investigations.ts';
import { LIMITS } from '../../../server/limits.ts';
import { until } from '../support/collector.ts';
import { type Agent, useControlled } from '../support/controlled.ts';
import { ask, ownerOf } from '../support/enrolled.ts';
import { ASKED, running } from '../support/investigating.ts';

const { admin, fleet, connect, data } = useControlled();
/** Longer than a test takes. */
const FOR_MS = 600_000;
const start = (changes: object = {}) => admin(INVESTIGATIONS_API.investigations, { ...ASKED, for_ms: FOR_MS, ...changes });
const begun = async (changes: object = {}) => String((await start(changes)).body['id']);
const stop = (id: string) => admin(INVESTIGATIONS_API.stop.replace(':id', id), {});
const one = async (id: string) => (await admin(INVESTIGATIONS_API.investigation.replace(':id', id))).body as OneInvestigation;
const idsOf = ({ wanted }: Agent) => wanted.at(-1)?.map(({ id }) => id);
const isTold = (agent: Agent, ids: string[]) =>
  until(
    () => idsOf(agent),
    (told) => told?.join() === ids.join(),
  );

test('those hosts are told that are meant, what they say is told to people, and each end has its reason', async () => {
  const { prod = [], test: others = [] } = await fleet({ prod: 2, test: 1 });
  const [first, second] = prod as [Agent, Agent];
  const id = await begun({ hosts: 'label.env = prod', rows_per_s: 50, rows_max: 9 });
  await isTold(first, [id]);
  const [told] = first.wanted.at(-1) ?? [];
  expect(told).toMatchObject({ id, expression: 'port = 443', detail: 'rows', user_stacks: false, rows_per_s: 50, rows_max: 9 });
  expect(told?.ends_in_ms).toBeLessThanOrEqual(FOR_MS);
  first.say({ type: 'investigations', states: [running(id, { passed: 3, matched: 3 })] });
  second.say({ type: 'investigations', states: [{ ...running(id), state: 'ended', reason: 'safety', words: 'too much' }] });
  // Nobody has asked this one.
  others[0]?.say({ type: 'investigations', states: [running(id)] });
  const seen = await until(
    () => one(id),
    ({ counts }) => counts.waiting === 0,
  );
  expect(seen).toMatchObject({ state: 'running', made_by: 'owner', counts: { waiting: 0, running: 1, ended: 1 } });
  expect(seen.at_hosts.map(({ host, state, reason, words, passed }) => ({ host, state, reason, words, passed }))).toEqual([
    { host: 'prod-0', state: 'running', reason: null, words: '', passed: 3 },
    { host: 'prod-1', state: 'ended', reason: 'safety', words: 'too much', passed: 0 },
  ]);
  // What was too much for a host is not begun again there.
  const back = await connect(second.host);
  await isTold(back, []);
  await stop(id);
  await isTold(first, []);
  expect(await one(id)).toMatchObject({ state: 'ended' });
  expect(idsOf(others[0] as Agent)).toEqual([]);
});

test('what cannot be is refused, with the place', async () => {
  const refusals: [object, number, string, RegExp][] = [
    [{ expression: 'kind = drop and port = 1' }, 400, 'filter_invalid', /kind is of single rows/],
    [{ expression: 'port =' }, 400, 'filter_invalid', /column 7/],
    [{ hosts: 'port = 443' }, 400, 'filter_invalid', /nothing of hosts/],
    [{ rows_per_s: 0 }, 400, 'request_invalid', /rows_per_s/],
    [{ for_ms: 1 }, 400, 'request_invalid', /for_ms/],
    [{ detail: 'rows', user_stacks: true }, 400, 'request_invalid', /which detail rows does not have: ask for stacks, progress, packets/],
  ];
  for (const [changes, status, code, message] of refusals)
    expect(await start(changes)).toMatchObject({ status, body: { code, message: expect.stringMatching(message) } });
  expect(await stop('0'.repeat(16))).toMatchObject({ status: 404 });
  for (let made = 0; made < LIMITS.investigations_running.number; made++) expect(await start()).toMatchObject({ status: 200 });
  expect(await start()).toMatchObject({ status: 409, body: { code: 'too_many_investigations' } });
});

test('stacks of processes are asked for only where somebody says so, and agents and people are told', async () => {
  const { prod = [] } = await fleet({ prod: 1 });
  const [plain, asked] = [await begun({ detail: 'stacks' }), await begun({ detail: 'stacks', user_stacks: true })];
  const told = await until(
    () => prod[0]?.wanted.at(-1),
    (wanted) => wanted?.length === 2,
  );
  expect(new Map(told?.map(({ id, user_stacks }) => [id, user_stacks]))).toEqual(
    new Map([
      [plain, false],
      [asked, true],
    ]),
  );
  expect([(await one(plain)).user_stacks, (await one(asked)).user_stacks]).toEqual([false, true]);
  const audited = await until(
    async () => (await admin(`${ADMIN_API.audit}?limit=10`)).text,
    (text) => text.includes('stacks, with stacks of processes'),
  );
  expect(audited.match(/with stacks of processes/g)).toHaveLength(1);
});

test('a dry run says what would be followed, and starts nothing', async () => {
  await fleet({ prod: 2 });
  const { body } = await start({ dry_run: true, hosts: 'label.env = prod' });
  expect(body).toEqual({ id: '', hosts: 2, estimate: { hosts: 0, connections: 0, segments_per_s: 0, segments_per_s_most: 0 } });
  expect((await admin(INVESTIGATIONS_API.investigations)).body).toEqual({ investigations: [] });
});

test('one that is removed ends, and is gone; who did what is in the audit', async () => {
  const { prod = [] } = await fleet({ prod: 1 });
  const id = await begun();
  await isTold(prod[0] as Agent, [id]);
  const url = prod[0]?.socket.url.replace(/^ws/, 'http').replace(/\/v1\/.*/, '') ?? '';
  const path = INVESTIGATIONS_API.investigation.replace(':id', id);
  expect(await ask(url + path, { method: 'DELETE', headers: ownerOf(data()) })).toMatchObject({ status: 200 });
  await isTold(prod[0] as Agent, []);
  expect(await admin(path)).toMatchObject({ status: 404 });
  const audited = await until(
    async () => (await admin(`${ADMIN_API.audit}?limit=10`)).text,
    (text) => text.includes('investigation_remove'),
  );
  expect(audited).toContain('investigation_start');
});
