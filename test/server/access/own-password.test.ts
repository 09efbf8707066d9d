// A person changes the password that one has logged in with.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { type AuditPage, PEOPLE_API } from '../../../server/api/people.ts';
import { ask, samePage } from '../support/ask.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { ownerOf } from '../support/enrolled.ts';

const PASSWORD = 'correct horse battery';
let directory: TestDirectory;
let collector: TestCollector;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

const asOwner = (method: string, path: string, body?: object) =>
  ask(collector.url, method, path, { headers: ownerOf(directory.path), ...(body && { body }) });
const asked = (cookie: string) => ({ headers: { ...samePage(collector.url), cookie } });
const login = (name: string, password: string) => ask(collector.url, 'POST', PEOPLE_API.login, { ...asked(''), body: { name, password } });
const me = async (cookie: string) => (await ask(collector.url, 'GET', PEOPLE_API.me, asked(cookie))).body;
const changeOwn = (cookie: string, present: string, password: string) =>
  ask(collector.url, 'POST', PEOPLE_API.password, { ...asked(cookie), body: { present, password } });
const addUser = async (name: string) => {
  expect(await asOwner('POST', ADMIN_API.users, { name, role: 'viewer', password: PASSWORD })).toMatchObject({ status: 200 });
};

test('who changes the own password stays, with another cookie; all other sessions of that person end', async () => {
  await addUser('cy');
  const [first, other] = [await login('cy', PASSWORD), await login('cy', PASSWORD)];
  expect(await me(first.cookie)).toMatchObject({ own_password: true });
  const changed = await changeOwn(first.cookie, PASSWORD, `${PASSWORD} 2`);
  expect(changed).toMatchObject({ status: 200, setCookie: expect.stringMatching(/^tcplens=[0-9a-f]{64}; /) });
  expect(await me(changed.cookie)).toMatchObject({ kind: 'user', name: 'cy', own_password: true });
  for (const { cookie } of [first, other]) expect(await me(cookie)).toMatchObject({ role: null, session: false, own_password: false });
  expect(await login('cy', PASSWORD)).toMatchObject({ status: 401 });
  expect(await login('cy', `${PASSWORD} 2`)).toMatchObject({ status: 200 });
});

test('a log-in with a password that is changed meanwhile is over at once', async () => {
  await addUser('dan');
  const { cookie } = await login('dan', PASSWORD);
  const [changed, late] = await Promise.all([changeOwn(cookie, PASSWORD, `${PASSWORD} 2`), login('dan', PASSWORD)]);
  expect(changed).toMatchObject({ status: 200 });
  expect(await me(late.cookie)).toMatchObject({ role: null });
});

test('who is here without a password has none to change', async () => {
  const { path } = (await asOwner('POST', ADMIN_API.link, {})).body as { path: string };
  const { cookie } = await ask(collector.url, 'GET', path, asked(''));
  expect(await me(cookie)).toMatchObject({ kind: 'owner', own_password: false });
  const message = expect.stringContaining('tcplens admin user password');
  expect(await changeOwn(cookie, PASSWORD, PASSWORD)).toMatchObject({ status: 403, body: { code: 'password_refused', message } });
  expect(await changeOwn('', PASSWORD, PASSWORD)).toMatchObject({ status: 401, body: { code: 'login_needed' } });
});

test('a wrong present password changes nothing, and who guesses it waits as at the log-in', async () => {
  await addUser('flo');
  const { cookie } = await login('flo', PASSWORD);
  const codes: unknown[] = [];
  // Each guess comes a moment after the last, however slow the machine: the time to wait is not over before the next.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  for (let each = 0; each < 7; each++) {
    vi.setSystemTime(Date.now() + 1);
    codes.push((await changeOwn(cookie, `wrong guess ${each}`, `${PASSWORD} 2`)).body['code']);
  }
  expect(codes[0]).toBe('password_refused');
  expect(codes.at(-1)).toBe('too_many_logins');
  expect(await changeOwn(cookie, PASSWORD, `${PASSWORD} 2`)).toMatchObject({ status: 429, setCookie: '' });
  expect(await me(cookie)).toMatchObject({ kind: 'user', name: 'flo' });
  const told = async () => ((await asOwner('GET', `${ADMIN_API.audit}?action=password_change&limit=100`)).body as AuditPage).entries;
  const entries = await until(told, (all) => all[0]?.outcome === 'too_many_logins');
  const outcomes = (name: string) => new Set(entries.filter(({ target }) => target === name).map(({ outcome }) => outcome));
  expect(outcomes('flo')).toEqual(new Set(['password_refused', 'too_many_logins']));
  expect(outcomes('cy')).toEqual(new Set(['done']));
  expect(JSON.stringify(entries)).not.toMatch(/horse|guess/);
});
