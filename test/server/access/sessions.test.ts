// How sessions end, and that all collectors of a store know.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { digestOf } from '../../../agent/contract/secret.ts';
import { REAL_DISK } from '../../../agent/durable/disk.ts';
import { RecordBook } from '../../../server/access/record-book.ts';
import { Sessions } from '../../../server/access/sessions.ts';
import { Tokens } from '../../../server/access/tokens.ts';
import { Users } from '../../../server/access/users.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import { type Fixture, fixture } from '../storage/backends.ts';
import { type TestDirectory, testDirectory, until } from '../support/collector.ts';

const HOUR_MS = 3600_000;
let directory: TestDirectory;
let stored: Fixture;
let books: RecordBook[];
let collectors = 0;
beforeAll(async () => {
  directory = await testDirectory();
  stored = await fixture((path) => openEmbedded({ path: join(path, 'engine') }));
});
afterAll(async () => {
  await stored.close();
  await directory.remove();
});
beforeEach(() => {
  books = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(books.map((book) => book.stop()));
});

type Site = { users: Users; sessions: Sessions; tokens: Tokens; book: RecordBook };

/** The records as one of the collectors of the store has them. @param follows whether it looks by itself for what others change */
async function collector(follows = true): Promise<Site> {
  const path = join(directory.path, String(++collectors));
  await mkdir(path);
  const failed = (error: unknown) => {
    throw error;
  };
  const book = new RecordBook({ store: stored.store, disk: REAL_DISK, directory: path, failed });
  books.push(book);
  await book.open();
  await (follows ? book.follow() : book.look());
  return { users: new Users(book), sessions: new Sessions(book), tokens: new Tokens(book), book };
}

const showing = (cookie = '', protocol: 'http' | 'https' = 'https') => ({ protocol, headers: { cookie } }) as FastifyRequest;
const made = { name: 'ada', role: 'viewer', by: 'oidc', address: '10.0.0.1' } as const;

/** The cookie as a browser sends it back, and the session's id. */
async function begin(
  sessions: Sessions,
  now_ms = Date.now(),
  asked: Parameters<Sessions['make']>[1] = made,
): Promise<{ cookie: string; id: string }> {
  const [cookie = ''] = (await sessions.make(showing(), asked, now_ms)).split(';');
  return { cookie, id: digestOf(cookie.split('=')[1] ?? '') };
}

test('over TLS the cookie is of this very host, and only encrypted; one of plain HTTP is not taken there', async () => {
  const { sessions } = await collector();
  const header = await sessions.make(showing(), made, Date.now());
  expect(header).toMatch(/^__Host-tcplens=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  const [cookie = ''] = header.split(';');
  expect(await sessions.identify(showing(`a=b; ${cookie}`))).toMatchObject({ kind: 'user', name: 'ada', role: 'viewer' });
  expect(await sessions.identify(showing(cookie.replace('__Host-', '')))).toBeUndefined();
  expect(await sessions.identify(showing(cookie, 'http'))).toBeUndefined();
});

test.each<['oidc' | 'link', number]>([
  ['oidc', 12],
  ['link', 7 * 24],
])('one by %s ends after %i hours, however much it is used', async (by, hours) => {
  const { sessions } = await collector();
  const start_ms = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: start_ms });
  const { cookie, id } = await begin(sessions, start_ms, { ...made, by });
  for (let hour = 6; hour < hours; hour += 6) {
    vi.setSystemTime(start_ms + hour * HOUR_MS);
    await until(
      async () => [await sessions.identify(showing(cookie)), sessions.get(id, Date.now())?.used_ms],
      ([who, used_ms]) => who !== undefined && used_ms === Date.now(),
    );
  }
  vi.setSystemTime(start_ms + hours * HOUR_MS);
  expect(await sessions.identify(showing(cookie))).toBeUndefined();
});

test('one that nobody uses ends after twelve hours', async () => {
  const { sessions } = await collector();
  const now_ms = Date.now();
  const { id } = await begin(sessions, now_ms - 12 * HOUR_MS + 60_000, { ...made, by: 'link' });
  expect(sessions.get(id, now_ms)).toMatchObject({ by: 'link' });
  expect(sessions.get(id, now_ms + 60_000)).toBeUndefined();
});

test('what is ended at one collector is refused at the other, which nobody tells', async () => {
  const [here, there] = [await collector(), await collector()];
  const password_ms = Date.now();
  await here.users.add({ name: 'eve', role: 'viewer', password: 'correct horse battery' }, password_ms);
  const [ended, kept, ofUser] = [
    await begin(here.sessions),
    await begin(here.sessions),
    await begin(here.sessions, Date.now(), { ...made, name: 'eve', by: 'password', password_ms }),
  ];
  const { id: tokenId, token } = await here.tokens.make({ name: 't', role: 'viewer', made_by: 'ada', for_ms: HOUR_MS }, Date.now());
  const withToken = { headers: { authorization: `Bearer ${token}` } } as FastifyRequest;
  const known = () => [
    ...[ended, kept, ofUser].map(({ cookie }) => there.sessions.identify(showing(cookie)) !== undefined),
    there.tokens.identify(withToken) !== undefined,
  ];
  await until(known, (all) => all.every(Boolean));
  await here.sessions.end(ended.id);
  await here.users.remove('eve');
  await here.tokens.revoke(tokenId);
  const since_ms = performance.now();
  await until(known, ([first, , third, fourth]) => !first && !third && !fourth);
  console.log(`refused after ${Math.round(performance.now() - since_ms)} ms`);
  expect(known()).toEqual([false, true, false, false]);
});

test('the use of a session that was ended elsewhere does not bring it back', async () => {
  const [here, there] = [await collector(), await collector(false)];
  const { cookie, id } = await begin(here.sessions, Date.now() - HOUR_MS);
  await there.book.look();
  expect(there.sessions.get(id, Date.now())).toMatchObject({ name: 'ada' });
  await here.sessions.end(id);
  // It does not know yet, and notes that the session is used.
  expect(await there.sessions.identify(showing(cookie))).toMatchObject({ name: 'ada' });
  // This look waits for that note.
  await there.book.look();
  expect(there.sessions.get(id, Date.now())).toBeUndefined();
  const third = await collector();
  expect([here, there, third].map(({ sessions }) => sessions.get(id, Date.now()))).toEqual([undefined, undefined, undefined]);
});
