// What a credential gives: its host's rows, reports and layouts, and nobody else's; on a collector that asks everybody who they are.
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LAYOUTS_PATH, REPORT_PATH, ROWS_PATH } from '../../../agent/contract/batch-envelope.ts';
import { authorizationOf, HELLO_PATH, ROTATE_PATH } from '../../../agent/contract/credential.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { API } from '../../../server/api.ts';
import { report } from '../support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until, withStore } from '../support/collector.ts';
import { type Ask, ask, batchOf, type Enrolled, enrol, joinWith, ownerOf } from '../support/enrolled.ts';

let directory: TestDirectory;
let collector: TestCollector;
let [one, other] = [] as unknown as [Enrolled, Enrolled];
beforeEach(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path, { login: 'yes' });
  const line = await enrol(collector.url, directory.path);
  one = await joinWith(collector.url, line);
  other = await joinWith(collector.url, line);
});
afterEach(async () => {
  await collector.stop();
  await directory.remove();
});

const at = (path: string, asked: Ask = {}) => ask(collector.url + path, asked);
const rows = (by: Record<string, string>, of: string, sequence = 1) => {
  const { headers, body } = batchOf(of, 'sample', sequence);
  return at(ROWS_PATH, { headers: { ...headers, ...by }, body });
};

test('a host’s rows, report and layouts are taken with its credential', async () => {
  expect(await rows(one.headers, one.host_id)).toMatchObject({ status: 200, body: { rows: 1, host_id: one.host_id } });
  expect(await at(REPORT_PATH, { headers: one.headers, body: report({ host_id: one.host_id }) })).toMatchObject({ status: 200 });
  await collector.stop();
  const [stored] = await withStore(directory.path, (store) =>
    store.query<{ hosts: string[] }>("SELECT groupUniqArray(lower(leftPad(hex(host_id), 16, '0'))) AS hosts FROM sample", {}, 1),
  );
  expect(stored?.hosts).toEqual([one.host_id]);
  collector = await startCollector(directory.path, { login: 'yes' });
  // It is known after a restart.
  expect(await rows(one.headers, one.host_id, 2)).toMatchObject({ status: 200 });
});

test('what is said of another host is refused, in rows, reports and layouts', async () => {
  const forged = [
    await rows(one.headers, other.host_id),
    await at(REPORT_PATH, { headers: one.headers, body: report({ host_id: other.host_id }) }),
    await at(LAYOUTS_PATH, { headers: { ...one.headers, 'tcplens-host-id': other.host_id }, body: { layouts: [{}] } }),
  ];
  expect(forged.map(({ status, body }) => [status, body['code']])).toEqual([422, 422, 422].map((status) => [status, 'host_mismatch']));
  // The header is the host's own, the rows are not.
  const { headers } = batchOf(one.host_id, 'sample', 1);
  const { body } = batchOf(other.host_id, 'sample', 1);
  expect(await at(ROWS_PATH, { headers: { ...headers, ...one.headers }, body })).toMatchObject({
    status: 422,
    body: { code: 'host_mismatch' },
  });
});

test.each([
  { it: 'none', headers: () => ({}), code: 'join_needed' },
  {
    it: 'another secret',
    headers: () => ({ ...one.headers, authorization: authorizationOf(one.host_id, '0'.repeat(64)) }),
    code: 'credential_unknown',
  },
  {
    it: 'that of another host',
    headers: () => ({ ...one.headers, authorization: authorizationOf(one.host_id, other.secret) }),
    code: 'credential_unknown',
  },
  {
    it: 'an unknown host',
    headers: () => ({ ...one.headers, authorization: authorizationOf('f'.repeat(16), one.secret) }),
    code: 'credential_unknown',
  },
  {
    it: 'the hash that the collector keeps',
    headers: () => ({ ...one.headers, authorization: authorizationOf(one.host_id, createHash('sha256').update(one.secret).digest('hex')) }),
    code: 'credential_unknown',
  },
  {
    it: 'half of it',
    headers: () => ({ ...one.headers, authorization: one.headers['authorization']?.slice(0, -1) ?? '' }),
    code: 'credential_unknown',
  },
  { it: 'another scheme', headers: () => ({ ...one.headers, authorization: `Basic ${one.secret}` }), code: 'credential_unknown' },
])('a credential that is $it is refused', async ({ headers, code }) => {
  expect(await rows(headers(), one.host_id)).toMatchObject({ status: 401, body: { code } });
});

test('from another place than where the host is, its credential sends nothing', async () => {
  const elsewhere = { ...one.headers, 'tcplens-place': '0'.repeat(64) };
  expect(await rows(elsewhere, one.host_id)).toMatchObject({ status: 409, body: { code: 'identity_in_use' } });
  expect(await rows(one.headers, one.host_id)).toMatchObject({ status: 200 });
  expect(await at(HELLO_PATH, { headers: elsewhere, body: { place: '0'.repeat(64) } })).toMatchObject({
    status: 409,
    body: { code: 'identity_in_use' },
    headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
  });
});

test('a revoked host is refused at once and after a restart, and told why; what it has sent stays', async () => {
  await rows(one.headers, one.host_id);
  const revoke = ADMIN_API.revoke.replace(':host_id', one.host_id);
  expect(await at(revoke, { method: 'POST' })).toMatchObject({ status: 401, body: { code: 'login_needed' } });
  expect(await at(revoke, { headers: other.headers, body: {} })).toMatchObject({ status: 401, body: { code: 'login_needed' } });
  expect(await at(revoke, { headers: ownerOf(directory.path), body: {} })).toMatchObject({ status: 200 });
  const why = { status: 401, body: { code: 'credential_revoked', message: expect.stringMatching(/stay in its spool.*a new line/) } };
  expect(await rows(one.headers, one.host_id, 2)).toMatchObject(why);
  expect(await rows(other.headers, other.host_id)).toMatchObject({ status: 200 });
  await collector.stop();
  collector = await startCollector(directory.path, { login: 'yes' });
  expect(await rows(one.headers, one.host_id, 2)).toMatchObject(why);
});

test('an agent’s credential opens nothing that people ask', async () => {
  const read = Object.values(API).filter((path) => !path.includes(':') && path !== API.live);
  for (const path of [...read, ADMIN_API.agents, ADMIN_API.enrolments, '/metrics'])
    expect({ path, ...(await at(path, { headers: one.headers })) }).toMatchObject({ path, status: 401, body: { code: 'login_needed' } });
});

test('a secret is replaced: the old one holds until the new one is shown, and then no more', async () => {
  const next = '9'.repeat(64);
  const shown = { ...one.headers, authorization: authorizationOf(one.host_id, next) };
  expect(await rows(shown, one.host_id)).toMatchObject({ status: 401 });
  const body = { secret_sha256: createHash('sha256').update(next).digest('hex') };
  expect(await at(ROTATE_PATH, { headers: one.headers, body })).toMatchObject({ status: 200 });
  expect(await rows(one.headers, one.host_id)).toMatchObject({ status: 200 });
  expect(await rows(shown, one.host_id, 2)).toMatchObject({ status: 200 });
  expect(await rows(one.headers, one.host_id, 3)).toMatchObject({ status: 401, body: { code: 'credential_unknown' } });
});

test('who joined, was revoked and was refused is in the audit', async () => {
  await at(ADMIN_API.revoke.replace(':host_id', one.host_id), { headers: ownerOf(directory.path), body: {} });
  await expect(joinWith(collector.url, `x#${'0'.repeat(16)}.${'0'.repeat(64)}`)).rejects.toThrow('enrolment_refused');
  await collector.stop();
  type Entry = { actor: string; action: string; target: string; outcome: string; address: string };
  const audited = await withStore(directory.path, (store) =>
    until(
      () => store.query<Entry>('SELECT actor, action, target, outcome, address FROM audit ORDER BY at, action, target', {}, 100),
      (found) => found.length >= 5,
    ),
  );
  const entry = (changes: Partial<Entry>) => expect.objectContaining({ address: '127.0.0.1', outcome: 'done', ...changes });
  expect(audited).toEqual([
    entry({ actor: 'owner', action: 'enrolment_make' }),
    entry({ actor: '', action: 'agent_join', target: 'web' }),
    entry({ actor: '', action: 'agent_join', target: 'web' }),
    entry({ actor: 'owner', action: 'agent_revoke', target: one.host_id }),
    entry({ actor: '', action: 'agent_join', target: 'web', outcome: 'enrolment_refused' }),
  ]);
  collector = await startCollector(directory.path, { login: 'yes' });
});
