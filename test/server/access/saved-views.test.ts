// Views that people save: everybody who may look sees them and saves some; whoever saved one or an admin removes it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import type { AuditPage } from '../../../server/api/people.ts';
import { type SavedViews, VIEWS_API } from '../../../server/api/views.ts';
import { LIMITS } from '../../../server/limits.ts';
import { ask } from '../support/ask.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { ownerOf } from '../support/enrolled.ts';

const LINK = '?page=connections&filter=process+%3D+nginx&range=1h';
let directory: TestDirectory;
let collector: TestCollector;
const shown = new Map<string, Record<string, string>>();
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path, { login: 'true' });
  shown.set('owner', ownerOf(directory.path));
  for (const [name, role] of [
    ['ada', 'viewer'],
    ['bob', 'viewer'],
    ['many', 'operator'],
  ] as const) {
    const asked = { headers: ownerOf(directory.path), body: { name, role, for_ms: 3_600_000 } };
    const { body } = await ask(collector.url, 'POST', ADMIN_API.tokens, asked);
    shown.set(name, { authorization: `Bearer ${body['token']}` });
  }
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

const by = (who: string, method: string, path: string, body?: object) =>
  ask(collector.url, method, path, { headers: shown.get(who) ?? {}, ...(body && { body }) });
const save = (who: string, name: string, link = LINK) => by(who, 'POST', VIEWS_API.views, { name, link });
const remove = (who: string, id: unknown) => by(who, 'DELETE', VIEWS_API.view.replace(':id', String(id)));
const list = async (who: string) => ((await by(who, 'GET', VIEWS_API.views)).body as SavedViews).views;

test('a viewer saves one, everybody sees whose it is, and a restart keeps it', async () => {
  const { status, body } = await save('ada', 'nginx, an hour');
  expect({ status, body }).toMatchObject({ status: 200, body: { id: expect.stringMatching(/^[0-9a-f]{16}$/) } });
  const one = { id: body['id'], name: 'nginx, an hour', link: LINK, owner: 'ada', made_ms: expect.any(Number) };
  expect(await list('ada')).toEqual([{ ...one, own: true }]);
  expect(await list('bob')).toEqual([{ ...one, own: false }]);
  await collector.stop();
  collector = await startCollector(directory.path, { login: 'true' });
  await until(
    () => list('bob'),
    (views) => views.length === 1,
  );
});

test('only who saved it, or an admin, removes it', async () => {
  const { id } = (await save('ada', 'b')).body;
  expect(await remove('bob', id)).toMatchObject({
    status: 403,
    body: { code: 'role_needed', message: expect.stringMatching(/ada saved it/) },
  });
  expect(await remove('ada', id)).toMatchObject({ status: 200 });
  expect(await remove('ada', id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  const other = (await save('bob', 'c')).body['id'];
  expect(await remove('owner', other)).toMatchObject({ status: 200 });
  expect((await list('ada')).map(({ name }) => name)).toEqual(['nginx, an hour']);
});

test('a name is not enough: a token of another way in is somebody else', async () => {
  const { id } = (await save('owner', 'd')).body;
  const asked = { headers: ownerOf(directory.path), body: { name: 'owner', role: 'viewer', for_ms: 3_600_000 } };
  const { body } = await ask(collector.url, 'POST', ADMIN_API.tokens, asked);
  shown.set('owner token', { authorization: `Bearer ${body['token']}` });
  expect(await remove('owner token', id)).toMatchObject({ status: 403 });
  expect((await list('owner token')).map(({ own }) => own)).toEqual([false, false]);
});

test.each([
  ['no name', { name: ' ', link: LINK }],
  ['a long name', { name: 'x'.repeat(81), link: LINK }],
  ['a script', { name: 'a', link: 'javascript:alert(1)' }],
  ['another page', { name: 'a', link: 'https://example.com/' }],
  ['another path', { name: 'a', link: '//example.com?page=now' }],
  ['spaces', { name: 'a', link: '?filter=a b' }],
  ['a link of more than 8 kB', { name: 'a', link: `?filter=${'x'.repeat(8192)}` }],
  ['more than is asked for', { name: 'a', link: LINK, owner: 'bob' }],
])('%s is refused', async (_, body) => {
  expect(await by('ada', 'POST', VIEWS_API.views, body)).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
});

test('of one person there are so many, and who has too many is told what to do', async () => {
  const saved = [];
  for (let at = 0; at < LIMITS.views_own.number; at++) saved.push((await save('many', `view ${at}`)).status);
  expect(new Set(saved)).toEqual(new Set([200]));
  expect(await save('many', 'one more')).toMatchObject({
    status: 409,
    body: { code: 'too_many_views', message: expect.stringMatching(/remove one/) },
  });
  expect(await save('ada', 'another person')).toMatchObject({ status: 200 });
});

test('all of it is in the audit', async () => {
  const entries = await until(
    async () => ((await by('owner', 'GET', `${ADMIN_API.audit}?actor=bob`)).body as AuditPage).entries,
    (all) => all.length >= 2,
  );
  expect(entries.map(({ action, target, outcome }) => [action, target, outcome])).toEqual([
    ['view_save', 'c', 'done'],
    ['view_remove', 'b', 'role_needed'],
  ]);
});
