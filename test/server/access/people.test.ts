// People at a collector: they log in and out, and admins say who may.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { type AuditPage, PEOPLE_API, type Sessions, type Tokens, type Users } from '../../../server/api/people.ts';
import { API } from '../../../server/api.ts';
import { type Answer, type Asked, ask, samePage } from '../support/ask.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';

let directory: TestDirectory;
let collector: TestCollector;
let owner: Record<string, string>;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
  owner = { authorization: `Bearer ${(await readFile(join(directory.path, 'token'), 'utf8')).trim()}` };
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

const PASSWORD = 'correct horse battery';
const asOwner = (method: string, path: string, body?: object) =>
  ask(collector.url, method, path, { headers: owner, ...(body && { body }) });
const login = (name: string, password: string, asked: Asked = {}) =>
  ask(collector.url, 'POST', PEOPLE_API.login, { headers: samePage(collector.url), body: { name, password }, ...asked });
const with_ = (cookie: string, path: string, method = 'GET') =>
  ask(collector.url, method, path, { headers: { ...samePage(collector.url), cookie } });
const me = async (cookie: string) => (await with_(cookie, PEOPLE_API.me)).body;
const auditOf = async (query: string) => (await asOwner('GET', `${ADMIN_API.audit}?${query}`)).body as AuditPage;
const addUser = async (name: string, role = 'viewer') => {
  expect(await asOwner('POST', ADMIN_API.users, { name, role, password: PASSWORD })).toMatchObject({ status: 200 });
};
const userPath = (name: string) => ADMIN_API.user.replace(':name', name);

test('with the first user, nobody of this machine sees anything without a log-in', async () => {
  expect(await me('')).toMatchObject({ kind: 'local', role: 'viewer', session: false, login: { password: false, oidc: false } });
  await addUser('ada', 'operator');
  expect(await me('')).toMatchObject({ kind: 'local', role: null, login: { password: true } });
  expect(await with_('', API.overview)).toMatchObject({ status: 401, body: { code: 'login_needed' } });
  expect(((await asOwner('GET', ADMIN_API.users)).body as Users).users).toEqual([
    { name: 'ada', role: 'operator', made_ms: expect.any(Number), password: true },
  ]);
});

test('who logs in gets a cookie that no script sees, and another each time; who logs out is nobody', async () => {
  const first = await login('ada', PASSWORD);
  expect(first).toMatchObject({
    status: 200,
    setCookie: expect.stringMatching(/^tcplens=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/),
  });
  expect(await me(first.cookie)).toMatchObject({ kind: 'user', name: 'ada', role: 'operator', session: true });
  expect(await with_(first.cookie, API.overview)).toMatchObject({ status: 200 });
  expect(await with_(first.cookie, ADMIN_API.users)).toMatchObject({ status: 403, body: { code: 'role_needed' } });
  // A cookie that somebody else knows is worth nothing after a log-in.
  const planted = `tcplens=${'a'.repeat(64)}`;
  const second = await login('ada', PASSWORD, { headers: { ...samePage(collector.url), cookie: planted } });
  expect(second.cookie).not.toBe(planted);
  expect(second.cookie).not.toBe(first.cookie);
  expect(await me(planted)).toMatchObject({ role: null, session: false });
  const out = await with_(second.cookie, PEOPLE_API.logout, 'POST');
  expect(out.setCookie).toMatch(/^tcplens=; .*Max-Age=0$/);
  expect(await me(second.cookie)).toMatchObject({ role: null, session: false });
  expect(await me(first.cookie)).toMatchObject({ kind: 'user' });
});

test('a wrong password and a name that nobody has are refused in the same words', async () => {
  const [wrong, unknown] = [await login('ada', 'wrong horse battery'), await login('eve', PASSWORD)];
  expect(wrong).toMatchObject({ status: 401, setCookie: '', body: { code: 'login_refused' } });
  expect({ ...unknown.body, digest: '' }).toEqual({ ...wrong.body, digest: '' });
});

test('another role counts at once; another password, or removal, ends the sessions', async () => {
  await addUser('bob');
  const { cookie } = await login('bob', PASSWORD);
  await asOwner('PATCH', userPath('bob'), { role: 'admin' });
  expect(await me(cookie)).toMatchObject({ role: 'admin' });
  await asOwner('PATCH', userPath('bob'), { password: `${PASSWORD} 2` });
  expect(await me(cookie)).toMatchObject({ role: null, session: false });
  expect(await login('bob', PASSWORD)).toMatchObject({ status: 401 });
  const again = await login('bob', `${PASSWORD} 2`);
  expect(await me(again.cookie)).toMatchObject({ kind: 'user' });
  expect(await asOwner('DELETE', userPath('bob'))).toMatchObject({ status: 200 });
  expect(await me(again.cookie)).toMatchObject({ role: null, session: false });
});

test.each<[string, string, object | undefined, number, string]>([
  ['POST', ADMIN_API.users, { name: 'ada', role: 'viewer', password: PASSWORD }, 409, 'user_exists'],
  ['POST', ADMIN_API.users, { name: 'owner', role: 'viewer', password: PASSWORD }, 409, 'user_exists'],
  ['POST', ADMIN_API.users, { name: 'a b', role: 'viewer', password: PASSWORD }, 400, 'request_invalid'],
  ['POST', ADMIN_API.users, { name: 'kim', role: 'king', password: PASSWORD }, 400, 'request_invalid'],
  ['POST', ADMIN_API.users, { name: 'kim', role: 'viewer', password: 'short' }, 400, 'request_invalid'],
  ['PATCH', userPath('kim'), { role: 'viewer' }, 404, 'not_found'],
  ['PATCH', userPath('ada'), {}, 400, 'request_invalid'],
  ['DELETE', userPath('kim'), undefined, 404, 'not_found'],
  ['DELETE', ADMIN_API.token.replace(':id', '0'.repeat(16)), undefined, 404, 'not_found'],
  ['DELETE', ADMIN_API.session.replace(':id', '0'.repeat(64)), undefined, 404, 'not_found'],
])('%s %s of %j is refused with %i %s', async (method, path, body, status, code) => {
  expect(await asOwner(method, path, body)).toMatchObject({ status, body: { code } });
});

test('a token does what its role may until it ends or is revoked', async () => {
  const make = async (for_ms: number) => (await asOwner('POST', ADMIN_API.tokens, { name: 'grafana', role: 'viewer', for_ms })).body;
  const { id, token } = await make(3600_000);
  const ask_ = (path: string, shown: unknown) => ask(collector.url, 'GET', path, { headers: { authorization: `Bearer ${shown}` } });
  expect(await ask_(API.overview, token)).toMatchObject({ status: 200 });
  expect(await ask_(ADMIN_API.tokens, token)).toMatchObject({ status: 403 });
  expect(await ask_(API.overview, `${String(token).slice(0, -1)}x`)).toMatchObject({ status: 401, body: { code: 'credential_unknown' } });
  const { token: short } = await make(1000);
  const ended = await until(
    () => ask_(API.overview, short),
    ({ status }) => status !== 200,
  );
  expect(ended).toMatchObject({
    status: 401,
    body: { code: 'credential_ended', message: expect.stringMatching(/"grafana" has ended, at 2/) },
  });
  const { tokens } = (await asOwner('GET', ADMIN_API.tokens)).body as Tokens;
  expect(tokens).toMatchObject([{ name: 'grafana' }, { id, name: 'grafana', role: 'viewer', made_by: 'owner' }]);
  expect(JSON.stringify(tokens)).not.toContain('secret');
  expect(await asOwner('DELETE', ADMIN_API.token.replace(':id', String(id)))).toMatchObject({ status: 200 });
  expect(await ask_(API.overview, token)).toMatchObject({ status: 401, body: { code: 'credential_unknown' } });
});

test('an admin sees who is logged in, and ends a session', async () => {
  const { cookie } = await login('ada', PASSWORD);
  const { path } = (await asOwner('POST', ADMIN_API.link, {})).body as { path: string };
  const opened = await with_('', path);
  const { sessions } = (await with_(opened.cookie, ADMIN_API.sessions)).body as Sessions;
  expect(sessions.slice(0, 2)).toMatchObject([
    { name: 'owner', role: 'admin', by: 'link', address: '127.0.0.1', own: true },
    { name: 'ada', role: 'operator', by: 'password', own: false },
  ]);
  const [{ id: own } = { id: '' }, { id } = { id: '' }] = sessions;
  expect(await with_(opened.cookie, ADMIN_API.session.replace(':id', id), 'DELETE')).toMatchObject({ status: 200 });
  expect(await me(cookie)).toMatchObject({ role: null, session: false });
  expect(await with_(opened.cookie, ADMIN_API.session.replace(':id', own), 'DELETE')).toMatchObject({ status: 200 });
  expect(await me(opened.cookie)).toMatchObject({ role: null, session: false });
});

test('the oldest session of a person ends with the thirty-third', async () => {
  await addUser('many');
  const cookies: string[] = [];
  for (let each = 0; each < 33; each++) cookies.push((await login('many', PASSWORD)).cookie);
  const kinds = await Promise.all(cookies.map(async (cookie) => (await me(cookie))['kind']));
  expect(kinds).toEqual(['local', ...new Array(32).fill('user')]);
});

test.each<[string, Record<string, string>, string]>([
  ['a page of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 'origin_forbidden'],
  ['a page of another port', { origin: 'http://127.0.0.1:9', 'sec-fetch-site': 'same-site' }, 'origin_forbidden'],
  ['a name that was made to lead here', { host: 'evil.example', origin: 'http://evil.example' }, 'host_forbidden'],
])('%s can neither log anybody in nor out', async (_name, headers, code) => {
  const { cookie } = await login('ada', PASSWORD);
  expect(await login('ada', PASSWORD, { headers })).toMatchObject({ status: 403, setCookie: '', body: { code } });
  const out = await ask(collector.url, 'POST', PEOPLE_API.logout, { headers: { ...headers, cookie } });
  expect(out).toMatchObject({ status: 403, setCookie: '', body: { code } });
  expect(await me(cookie)).toMatchObject({ kind: 'user' });
});

test('the audit tells what was done and refused, by whom and from where, in pages', async () => {
  await login('mallory', 'not a password');
  const failed = await until(
    () => auditOf('action=login&limit=1'),
    ({ entries }) => entries[0]?.outcome === 'login_refused' && entries[0].target === '',
  );
  expect(failed.entries).toMatchObject([
    { actor: 'local', actor_kind: 'local', address: '127.0.0.1', action: 'login', outcome: 'login_refused' },
  ]);
  const { entries } = await auditOf('limit=1000');
  // A password in the wrong field looks like a name that nobody has.
  expect(JSON.stringify(entries)).not.toContain('mallory');
  expect(entries.find(({ actor, outcome }) => actor === 'ada' && outcome === 'done')).toMatchObject({
    actor_kind: 'user',
    role: 'operator',
  });
  expect(new Set(entries.map(({ action }) => action))).toEqual(
    new Set(['login', 'logout', 'link_open', 'user_add', 'user_change', 'user_remove', 'token_make', 'token_revoke', 'session_end']),
  );
  expect(JSON.stringify(entries)).not.toContain(PASSWORD);
  const paged: string[] = [];
  for (let after = ''; ; ) {
    const page = await auditOf(`limit=20${after}`);
    paged.push(...page.entries.map(({ id }) => id));
    if (page.next === null) break;
    after = `&after=${page.next}`;
  }
  expect(paged).toEqual(entries.map(({ id }) => id));
  const { at_ms = 0 } = entries[5] ?? {};
  expect((await auditOf(`from=${at_ms}&to=${at_ms + 1}&actor=${entries[5]?.actor}`)).entries).toContainEqual(entries[5]);
});

test('whoever guesses waits, whatever the name; the right password has to wait, too', async () => {
  await addUser('victim');
  const answers: Answer[] = [];
  const other = { headers: samePage(collector.url) };
  // Each guess comes a moment after the last, however slow the machine: the time to wait is not over before the next.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  for (let each = 0; each < 8; each++) {
    vi.setSystemTime(Date.now() + 1);
    answers.push(await login('victim', `wrong guess ${each}`, other));
  }
  const codes = answers.map(({ body }) => body['code']);
  expect(codes.slice(0, 2)).toEqual(['login_refused', 'login_refused']);
  expect(codes.at(-1)).toBe('too_many_logins');
  expect(await login('victim', PASSWORD)).toMatchObject({ status: 429, body: { code: 'too_many_logins' } });
});
