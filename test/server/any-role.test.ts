// Whatever anybody asks who is no admin, of any route: nothing of who may do what changes, and no answer is a 5xx.
// 20 000 requests: make test-deep TCPLENS_RUNS=2000 ARGS=test/server/any-role.test.ts.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_API } from '../../server/api/admin.ts';
import { VIEWS_API } from '../../server/api/views.ts';
import { CollectorProcess } from '../bench/collector-process.ts';
import { tries } from '../support/tries.ts';
import { type AnyRequest, anyRequest, ask as askAny } from './support/any-request.ts';
import { type TestDirectory, testDirectory } from './support/collector.ts';
import { ask, enrol, joinWith, ownerOf } from './support/enrolled.ts';

const RUNS = 50;
const AT_ONCE = 10;
/** Each address has a limit of its own, so that all that is asked is looked at. */
const PEERS = 250;

let directory: TestDirectory;
let collector: CollectorProcess;
/** What is shown, by who shows it. */
const shown = new Map<string, Record<string, string>>();
let host_id = '';
/** Of a view that the owner has saved. */
let view_id = '';

beforeAll(async () => {
  directory = await testDirectory();
  collector = await CollectorProcess.start(directory.path, '--login');
  const { url } = collector;
  const headers = ownerOf(directory.path);
  shown.set('nobody', {});
  shown.set('a stranger', { authorization: `Bearer tcplens-token.${'0'.repeat(16)}.${'0'.repeat(64)}` });
  for (const role of ['viewer', 'operator']) {
    const { body } = await ask(url + ADMIN_API.tokens, { headers, body: { name: role, role, for_ms: 3_600_000 } });
    shown.set(role, { authorization: `Bearer ${body['token']}` });
  }
  const host = await joinWith(url, await enrol(url, directory.path));
  host_id = host.host_id;
  shown.set('an agent', host.headers);
  view_id = String((await ask(url + VIEWS_API.views, { headers, body: { name: 'mine', link: '?page=fleet' } })).body['id']);
  await ask(url + ADMIN_API.users, { headers, body: { name: 'ada', role: 'viewer', password: 'correct horse battery' } });
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

const json = { 'content-type': 'application/json' };
const sent = (method: string, path: string, body: object = {}): AnyRequest => ({
  method,
  path: path.replace(':host_id', host_id).replace(':name', 'ada'),
  headers: method === 'DELETE' ? {} : json,
  body: method === 'DELETE' ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body)),
});
/** What an admin would have done with it. */
const sound = (): AnyRequest[] => [
  sent('POST', ADMIN_API.users, { name: 'eve', role: 'admin', password: 'an eavesdropper’s own' }),
  sent('PATCH', ADMIN_API.user, { role: 'admin' }),
  sent('DELETE', ADMIN_API.user),
  sent('POST', ADMIN_API.tokens, { name: 'eve', role: 'admin', for_ms: 3_600_000 }),
  sent('POST', ADMIN_API.enrolments, { labels: {}, for_ms: 3_600_000, uses: 1, rejoin: false }),
  sent('POST', ADMIN_API.retention, { class: 'rows', days: 7 }),
  sent('POST', ADMIN_API.revoke),
  sent('DELETE', ADMIN_API.agent),
  sent('DELETE', `${ADMIN_API.agent}?rows=remove`),
  sent('POST', ADMIN_API.link),
  sent('POST', ADMIN_API.snapshot),
  sent('DELETE', VIEWS_API.view.replace(':id', view_id)),
];

/** All that only an admin changes. */
async function state(): Promise<unknown[]> {
  const paths = [ADMIN_API.users, ADMIN_API.tokens, ADMIN_API.enrolments, ADMIN_API.agents, ADMIN_API.sessions, VIEWS_API.views];
  const asked = await Promise.all(paths.map((path) => ask(collector.url + path, { headers: ownerOf(directory.path) })));
  const kept = await ask(collector.url + ADMIN_API.retention, { headers: ownerOf(directory.path) });
  const days = (kept.body as { tables: { table: string; days: number | null }[] }).tables
    .map(({ table, days }) => `${table} ${days}`)
    .sort();
  expect(asked.map(({ status }) => status)).toEqual(paths.map(() => 200));
  return [...asked.map(({ body }) => body), days];
}

test('nobody but an admin changes what admins change, and no answer is a 5xx', async () => {
  const before = await state();
  let made = 0;
  const statuses = new Map<number, number>();
  const one = fc.record({
    who: fc.constantFrom(...shown.keys()),
    asked: fc.oneof(
      { weight: 1, arbitrary: fc.nat().map((at) => sound()[at % sound().length] as AnyRequest) },
      { weight: 2, arbitrary: anyRequest },
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (requests) => {
      const answers = requests.map(({ who, asked }) => {
        const { authorization: _, cookie: __, ...headers } = asked.headers;
        return askAny(collector.url, { ...asked, headers: { ...headers, ...shown.get(who) } }, `127.0.0.${2 + (made++ % PEERS)}`);
      });
      for (const [index, status] of (await Promise.all(answers)).entries()) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(status, JSON.stringify(requests[index])).toBeLessThan(500);
      }
    }),
    tries(RUNS),
  );
  console.log(
    `${made} requests: ${[...statuses]
      .sort()
      .map(([status, times]) => `${times} × ${status}`)
      .join(', ')}`,
  );
  expect(await state()).toEqual(before);
});
