// Who may join, and who stays whom: the rules, on the real engine, with the time as an argument.
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { JoinRequest } from '../../../agent/contract/enrolment.ts';
import { REAL_DISK } from '../../../agent/durable/disk.ts';
import { Agents, SILENT_MS } from '../../../server/access/agents.ts';
import { Enrolments } from '../../../server/access/enrolments.ts';
import { LastHeard } from '../../../server/access/last-heard.ts';
import { RecordBook } from '../../../server/access/record-book.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Store } from '../../../server/storage/store.ts';
import { type TestDirectory, testDirectory } from '../support/collector.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.now();
let directory: TestDirectory;
let store: Store;
let books = 0;

type Site = { book: RecordBook; enrolments: Enrolments; agents: Agents; heard: LastHeard };
let site: Site;

beforeAll(async () => {
  directory = await testDirectory();
  store = await openEmbedded({ path: join(directory.path, 'engine') });
  await store.migrate();
});
beforeEach(async () => {
  site = await open();
});
afterAll(async () => {
  await store.close();
  await directory.remove();
});

async function open(): Promise<Site> {
  books += 1;
  const place = join(directory.path, `book-${books}`);
  await REAL_DISK.makeDirectory(place);
  const failed = (error: unknown) => {
    throw error;
  };
  const book = new RecordBook({ store, disk: REAL_DISK, directory: place, failed });
  await book.open();
  await book.look();
  const [enrolments, heard] = [new Enrolments(book), new LastHeard(store)];
  return { book, enrolments, agents: new Agents(book, enrolments, heard), heard };
}

let hosts = 0;
function requestOf(enrolment: string, changes: Partial<JoinRequest> = {}): JoinRequest {
  hosts += 1;
  const digest = (text: string) => Buffer.from(text).toString('hex').padStart(64, '0').slice(-64);
  return {
    enrolment,
    secret_sha256: digest(`secret ${hosts}`),
    machine_sha256: digest(`machine ${hosts}`),
    place: digest(`place ${hosts}`),
    name: `web-${hosts}`,
    rejoin: false,
    ...changes,
  };
}

async function line(uses = 10, rejoin = false, at: Site = site): Promise<string> {
  const { id, secret } = await at.enrolments.make({ labels: { env: 'prod' }, for_ms: HOUR_MS, uses, rejoin }, NOW);
  return `${id}.${secret}`;
}

const refused = (code: string, message?: RegExp) =>
  expect.objectContaining({ code, ...(message && { message: expect.stringMatching(message) }) });

test('each host that joins gets an identity of its own, and the labels of the line', async () => {
  const text = await line();
  const [one, other] = [await site.agents.join(requestOf(text), NOW), await site.agents.join(requestOf(text), NOW)];
  expect(one.host_id).toMatch(/^[0-9a-f]{16}$/);
  expect(other.host_id).not.toBe(one.host_id);
  expect(one.labels).toEqual({ env: 'prod' });
});

test('a request that is repeated, as after a lost answer, has the same answer and counts once', async () => {
  const text = await line(1);
  const request = requestOf(text);
  const first = await site.agents.join(request, NOW);
  expect(await site.agents.join(request, NOW + 1)).toEqual(first);
  expect(site.enrolments.list().find(({ id }) => text.startsWith(id))?.used).toBe(1);
});

test.each([
  { it: 'an unknown id', change: (text: string) => text.replace(/^.{16}/, '0'.repeat(16)), why: /does not know this line/ },
  {
    it: 'another secret',
    change: (text: string) => text.replace(/.$/, (end) => (end === '0' ? '1' : '0')),
    why: /does not know this line/,
  },
  { it: 'no secret', change: () => '', why: /does not know this line/ },
])('$it lets nobody in', async ({ change, why }) => {
  await expect(site.agents.join(requestOf(change(await line())), NOW)).rejects.toEqual(refused('enrolment_refused', why));
});

test('a line is good for its time and its hosts, and until it is revoked', async () => {
  const text = await line(2);
  await expect(site.agents.join(requestOf(text), NOW + HOUR_MS)).rejects.toEqual(refused('enrolment_refused', /has ended/));
  await site.agents.join(requestOf(text), NOW);
  await site.agents.join(requestOf(text), NOW);
  await expect(site.agents.join(requestOf(text), NOW)).rejects.toEqual(refused('enrolment_refused', /2 of 2 hosts/));
  const other = await line();
  await site.enrolments.revoke(other.slice(0, 16), NOW);
  await expect(site.agents.join(requestOf(other), NOW)).rejects.toEqual(refused('enrolment_refused', /was revoked/));
});

test('who forgets a host gives nobody its place', async () => {
  const text = await line(1);
  const { host_id } = await site.agents.join(requestOf(text), NOW);
  await site.agents.remove(host_id);
  expect(site.agents.list().map((agent) => agent.host_id)).not.toContain(host_id);
  await expect(site.agents.join(requestOf(text), NOW)).rejects.toEqual(refused('enrolment_refused'));
});

test('of hosts that join at two collectors at once no more are let in than the line is for', async () => {
  const other = await open();
  const text = await line(3);
  const asked = Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? site : other).agents.join(requestOf(text), NOW + index));
  const answers = await Promise.allSettled(asked);
  expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(3);
  await site.book.look();
  expect(site.agents.list().filter(({ enrolment }) => text.startsWith(enrolment)).length).toBeLessThanOrEqual(3);
});

test('an agent says where it is; from elsewhere it has to wait until its identity has fallen silent', async () => {
  const request = requestOf(await line());
  const { host_id } = await site.agents.join(request, NOW);
  expect(await site.agents.hello(host_id, { place: request.place }, NOW)).toMatchObject({ host_id, rotate: false });
  const elsewhere = { place: 'e'.repeat(64) };
  site.heard.note(host_id, NOW);
  await expect(site.agents.hello(host_id, elsewhere, NOW + 1000)).rejects.toEqual(refused('identity_in_use', /heard 1 s ago/));
  // A machine that was booted again: nobody has been heard since.
  expect(await site.agents.hello(host_id, elsewhere, NOW + SILENT_MS + 1)).toMatchObject({ host_id });
  await expect(site.agents.hello(host_id, { place: request.place }, NOW + 2 * SILENT_MS)).resolves.toMatchObject({ host_id });
});

test('a copy is told so once the original is heard beside it, and becomes a host of its own, once', async () => {
  const request = requestOf(await line());
  const { host_id } = await site.agents.join(request, NOW);
  const copy = { place: 'c'.repeat(64) };
  site.heard.note(host_id, NOW);
  await expect(site.agents.hello(host_id, copy, NOW + 1000)).rejects.toEqual(refused('identity_in_use'));
  site.heard.note(host_id, NOW + 2000);
  await expect(site.agents.hello(host_id, copy, NOW + 3000)).rejects.toEqual(refused('identity_cloned', /is a copy/));
  const fork = requestOf('', { machine_sha256: request.machine_sha256 });
  const forked = await site.agents.fork(fork, host_id, NOW + 4000);
  expect(forked.host_id).not.toBe(host_id);
  expect(forked.labels).toEqual({ env: 'prod' });
  expect(await site.agents.fork(fork, host_id, NOW + 5000)).toEqual(forked);
  expect(site.agents.list().find((agent) => agent.host_id === forked.host_id)).toMatchObject({ cloned_from: host_id });
});

test('a report to another collector is heard, too', async () => {
  const request = requestOf(await line());
  const { host_id } = await site.agents.join(request, NOW);
  const host = { name: 'web', machine: 'x86_64', kernel: '6.1', agent_version: '1' };
  const at_ms = Date.now();
  const nothing = { processes: [], cgroups: [], netns: [], hooks: [], accounting: [], interval_ms: 1000 };
  await store.insertReports([{ ...nothing, host_id, epoch: '00000000000000e1', at_ms, host }]);
  await expect(site.agents.hello(host_id, { place: 'd'.repeat(64) }, at_ms + 1000)).rejects.toEqual(refused('identity_in_use'));
});

test('a machine that was installed anew takes its identity back: with a line for that, and once nobody else has it', async () => {
  const text = await line(10, true);
  const before = requestOf(text);
  const { host_id } = await site.agents.join(before, NOW);
  const again = requestOf(text, { machine_sha256: before.machine_sha256, rejoin: true });
  await expect(site.agents.join({ ...again, enrolment: await line() }, NOW)).rejects.toEqual(
    refused('enrolment_refused', /enrol --rejoin/),
  );
  site.heard.note(host_id, NOW);
  await expect(site.agents.join(again, NOW + 1000)).rejects.toEqual(refused('identity_in_use'));
  expect(await site.agents.join(again, NOW + 2 * SILENT_MS)).toMatchObject({ host_id });
  expect(site.agents.list().filter((agent) => agent.host_id === host_id)).toEqual([
    expect.objectContaining({ secret_sha256: again.secret_sha256 }),
  ]);
  const stranger = requestOf(text, { rejoin: true });
  await expect(site.agents.join(stranger, NOW)).rejects.toEqual(refused('identity_unknown', /no host of this machine has joined/));
});

test('another secret holds beside the old one until it is shown; after thirty days an agent is asked for one', async () => {
  const request = requestOf(await line());
  const { host_id } = await site.agents.join(request, NOW);
  const late = NOW + 31 * 24 * HOUR_MS;
  expect(await site.agents.hello(host_id, request, late)).toMatchObject({ rotate: true });
  const next = 'f'.repeat(64);
  await site.agents.rotate(host_id, next);
  expect(site.book.get('agent', host_id)).toMatchObject({ secret_sha256: request.secret_sha256, next_sha256: next });
  await site.agents.rotated(host_id, late);
  expect(site.book.get('agent', host_id)).toMatchObject({ secret_sha256: next, secret_ms: late });
  expect(site.book.get('agent', host_id)).not.toHaveProperty('next_sha256');
  expect(await site.agents.hello(host_id, request, late)).toMatchObject({ rotate: false });
});
