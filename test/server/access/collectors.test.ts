// The CAs of collectors: who is behind each, which may be forgotten, and that agents hear which are left.
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readIdentity } from '../../../agent/enrolment/identity-file.ts';
import { parseJoinLine } from '../../../agent/enrolment/join-line.ts';
import { Membership } from '../../../agent/enrolment/membership.ts';
import { CollectorClient } from '../../../agent/uplink/client.ts';
import type { Collectors } from '../../../server/api/access.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import type { AuditPage } from '../../../server/api/people.ts';
import { type Front, startFront } from '../storage/front-process.ts';
import { report } from '../support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { ask, enrol, ownerOf } from '../support/enrolled.ts';

const MINUTE_MS = 60_000;
let directory: TestDirectory;
let front: Front;
let one: TestCollector;
let two: TestCollector;
let memberships: Membership[];
let began_ms = 0;
const dataOf = (name: string) => join(directory.path, name);
const start = (name: string) => startCollector(dataOf(name), { listen: '0.0.0.0:0', clickhouse: `${front.url}/tcplens` });
beforeEach(async () => {
  began_ms = Date.now();
  memberships = [];
  directory = await testDirectory();
  front = await startFront(directory.path);
  [one, two] = [await start('one'), await start('two')];
});
afterEach(async () => {
  vi.useRealTimers();
  for (const membership of memberships) membership.close();
  await one.stop();
  await two.stop();
  await front.end('SIGTERM');
  await directory.remove();
});

const asOwner = (path: string, method = 'GET') => ask(one.url + path, { method, headers: ownerOf(dataOf('one')) });
const listed = async () => ((await asOwner(ADMIN_API.collectors)).body as Collectors).authorities;
const forget = (id: string) => asOwner(ADMIN_API.collector.replace(':id', id), 'DELETE');
const both = () =>
  until(
    () => listed(),
    // A CA is known before its collector has been heard.
    (all) => all.length === 2 && all.every(({ collectors }) => collectors.length > 0),
  );

test('each is named with its address and when it was heard; one that is there cannot be forgotten', async () => {
  const authorities = await both();
  const portOf = (url: string) => new URL(url).port;
  expect(authorities.flatMap(({ collectors }) => collectors.map(({ address }) => portOf(address))).sort()).toEqual(
    [portOf(one.url), portOf(two.url)].sort(),
  );
  for (const { id, ends_ms, collectors } of authorities) {
    expect(ends_ms).toBeGreaterThan(Date.now() + 365 * 24 * 60 * MINUTE_MS);
    expect(collectors).toMatchObject([{ name: (await import('node:os')).hostname() }]);
    expect(collectors[0]?.heard_ms).toBeGreaterThanOrEqual(began_ms);
    expect(collectors[0]?.heard_ms).toBeLessThanOrEqual(Date.now());
    expect(await forget(id)).toMatchObject({ status: 409, body: { code: 'collector_there' } });
  }
  expect(await forget('0'.repeat(64))).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await both()).toHaveLength(2);
});

test('one that is gone is forgotten, agents learn that with their next report, and it is trusted again once it is back', async () => {
  const gone = new URL(two.url).port;
  await both();
  const state = join(directory.path, 'state');
  const line = parseJoinLine(`${one.url}#${(await enrol(one.url, dataOf('one'))).split('#')[1]}`);
  const config = { join: line, rejoin: false, stateDir: state, collector: undefined, clientCert: undefined, clientKey: undefined };
  const membership = await Membership.open(config, pino({ level: 'silent' }), new AbortController().signal);
  if (membership === undefined) throw new Error('it has not joined');
  memberships.push(membership);
  const client = new CollectorClient(membership.route(() => undefined));
  /** As the agent has it on disk, once it has reported. */
  const trusted = async () => {
    const body = Buffer.from(JSON.stringify(report({ host_id: membership.host_id })));
    // The first attempt may go to the collector that is gone: the route then leads to the other one.
    await until(
      () => client.report(membership.host_id, body, AbortSignal.timeout(60_000)),
      ({ verdict }) => verdict === 'accepted',
    );
    return (await readIdentity(state))?.authorities ?? [];
  };
  // It hears what has changed with a report, and then asks for it.
  expect(await until(trusted, (all) => all.length === 2)).toHaveLength(2);
  await two.stop();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * MINUTE_MS });
  const { id = '' } = (await both()).find(({ collectors }) => collectors.some(({ address }) => address.endsWith(gone))) ?? {};
  expect(await forget(id)).toMatchObject({ status: 200 });
  expect((await listed()).map((left) => left.id)).not.toContain(id);
  expect(await enrol(one.url, dataOf('one'))).not.toContain(id);
  expect(await until(trusted, (all) => all.length === 1)).toHaveLength(1);
  const told = async () => ((await asOwner(`${ADMIN_API.audit}?action=collector_forget`)).body as AuditPage).entries;
  expect(await until(told, (entries) => entries.length > 0)).toMatchObject([{ target: id, outcome: 'done' }]);
  two = await start('two');
  await both();
  expect(await until(trusted, (all) => all.length === 2)).toHaveLength(2);
});
