// Logging in at an OpenID provider: the one of the package oidc-provider, in this process.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { type AuditPage, OIDC_PATHS, PEOPLE_API } from '../../../server/api/people.ts';
import { type Answer, ask } from '../support/ask.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { CLIENT, type OpenIdProvider, startOpenIdProvider } from '../support/openid-provider.ts';

let directory: TestDirectory;
let collector: TestCollector;
let provider: OpenIdProvider;
beforeAll(async () => {
  directory = await testDirectory();
  provider = await startOpenIdProvider();
  const secret = join(directory.path, 'client-secret');
  await writeFile(secret, `${CLIENT.secret}\n`);
  collector = await startCollector(join(directory.path, 'data'), {
    login: 'true',
    oidcIssuer: provider.issuer,
    oidcClientId: CLIENT.id,
    oidcClientSecretFile: secret,
    oidcRoles: 'tcplens-admins=admin,staff=viewer,on-call=operator',
  });
  provider.allow(collector.url + OIDC_PATHS.back);
});
afterAll(async () => {
  await collector.stop();
  await provider.close();
  await directory.remove();
});
beforeEach(() => provider.login('ada', ['staff']));

/** What a browser sends when another site has led it here. */
const led = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const me = async (cookie: string) => (await ask(collector.url, 'GET', PEOPLE_API.me, { headers: { cookie } })).body;
const get = (url: URL, cookie: string) => ask(url.origin, 'GET', url.pathname + url.search, { headers: { cookie, ...led } });
const start = (search = '') => ask(collector.url, 'GET', `${OIDC_PATHS.start}?to=${encodeURIComponent(search)}`);

/** Follows the provider's redirects until it sends the browser back. @returns where to */
async function atProvider(location: string): Promise<URL> {
  const cookies = new Map<string, string>();
  for (let url = new URL(location); ; ) {
    if (url.origin === collector.url) return url;
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    const next = response.headers.get('location');
    if (next === null) throw new Error(`the provider does not go on: ${await response.text()}`);
    url = new URL(next, url);
  }
}

async function loggedIn(search = ''): Promise<Answer> {
  const { location, cookie } = await start(search);
  return get(await atProvider(location), cookie);
}

test('the page knows that one can log in there', async () => {
  expect(await me('')).toMatchObject({ kind: 'nobody', login: { password: false, oidc: true } });
});

test.each<[string[], string]>([
  [['staff'], 'viewer'],
  [['everybody', 'staff', 'on-call'], 'operator'],
  [['tcplens-admins', 'staff'], 'admin'],
])('who is in %j is %s, and comes back to where the link led', async (groups, role) => {
  provider.login('ada', groups);
  const back = await loggedIn('?range=1h&host=web-1');
  expect(back).toMatchObject({ status: 303, location: '/?range=1h&host=web-1' });
  expect(back.setCookie).toMatch(/^tcplens=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(await me(back.cookie)).toMatchObject({ kind: 'user', name: 'ada', role, session: true });
});

test('the request has PKCE, state and nonce, and its cookie is no script’s', async () => {
  const { location, setCookie } = await start();
  const asked = new URL(location);
  expect(Object.fromEntries(asked.searchParams)).toMatchObject({
    response_type: 'code',
    client_id: CLIENT.id,
    code_challenge_method: 'S256',
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    state: expect.stringMatching(/^[\w-]{43}$/),
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    redirect_uri: collector.url + OIDC_PATHS.back,
  });
  expect(setCookie).toMatch(/^tcplens-oidc=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/);
});

const changed = (url: URL, change: (params: URLSearchParams) => void): URL => {
  const other = new URL(url);
  change(other.searchParams);
  return other;
};

test.each<[string, (url: URL, cookie: string) => Promise<[URL, string]>]>([
  ['without the cookie, as one that another person’s browser has begun', async (url) => [url, '']],
  ['with the cookie of another log-in', async (url) => [url, (await start()).cookie]],
  ['with another state', async (url, cookie) => [changed(url, (params) => params.set('state', 'x')), cookie]],
  ['with a code that was made up', async (url, cookie) => [changed(url, (params) => params.set('code', 'x')), cookie]],
  ['with the provider’s refusal', async (url, cookie) => [changed(url, (params) => params.set('error', 'access_denied')), cookie]],
])('who comes back %s is not let in', async (_, tamper) => {
  const { location, cookie } = await start();
  const back = await get(...(await tamper(await atProvider(location), cookie)));
  expect(back).toMatchObject({ status: 303, setCookie: '', location: '/#oidc_failed' });
});

test('a code is good once', async () => {
  const { location, cookie } = await start();
  const url = await atProvider(location);
  expect(await get(url, cookie)).toMatchObject({ location: '/' });
  expect(await get(url, cookie)).toMatchObject({ location: '/#oidc_failed', setCookie: '' });
});

test('who has no group with a role is told so, and audited', async () => {
  provider.login('eve', ['guests']);
  expect(await loggedIn('?range=1h')).toMatchObject({ location: '/?range=1h#oidc_no_role', setCookie: '' });
  const authorization = `Bearer ${(await readFile(join(directory.path, 'data', 'token'), 'utf8')).trim()}`;
  const audit = async () =>
    (await ask(collector.url, 'GET', `${ADMIN_API.audit}?action=login&limit=1`, { headers: { authorization } })).body as AuditPage;
  await until(audit, ({ entries }) => entries[0]?.outcome === 'oidc_no_role' && entries[0].detail === 'oidc');
});

test('it leads nowhere but back to the page', async () => {
  for (const to of ['//evil.example', 'https://evil.example', '/\\evil.example', '?a\r\nb']) expect((await start(to)).status).toBe(400);
});
