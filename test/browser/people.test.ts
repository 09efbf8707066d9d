// People and the page: the first admin's link, users, log-in and log-out, links across the log-in, and an identity provider.
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ADMIN_API } from '../../server/api/admin.ts';
import { OIDC_PATHS, type Sessions } from '../../server/api/people.ts';
import { ask } from '../server/support/ask.ts';
import { ownerOf } from '../server/support/enrolled.ts';
import { CLIENT, type OpenIdProvider, startOpenIdProvider } from '../server/support/openid-provider.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser, ownComplaints } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { tellStory } from './story-rows.ts';

const PASSWORD = 'correct horse battery';
const NEW_PASSWORD = 'incorrect horse battery';
const SCREENSHOTS = join(tmpdir(), 'tcplens-people');
let provider: OpenIdProvider;
let collector: CollectorProcess;
let browser: OpenBrowser;
let page: Page;

describe('people', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    mkdirSync(SCREENSHOTS, { recursive: true });
    provider = await startOpenIdProvider();
    // A client without a secret: only the PKCE verifier proves that it began the log-in.
    collector = new CollectorProcess('--oidc-issuer', provider.issuer, '--oidc-client-id', CLIENT.public, '--oidc-roles', 'staff=operator');
    await collector.start();
    provider.allow(collector.url + OIDC_PATHS.back);
    const agent = new TestAgent(collector, 7n, 'web-1');
    await agent.report(0);
    await tellStory(agent, Date.now());
    browser = await openBrowser({ width: 1280, height: 900 });
    page = await browser.open(`${collector.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await collector?.remove();
    await provider?.close();
  });

  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });
  const search = () => new URL(page.url()).search;
  const who = () => page.locator('[data-who]').textContent();
  const heading = () => page.locator('h1').first().textContent();
  const section = (name: string) => page.locator(`[data-section="${name}"]`);
  const rows = (name: string) => section(name).locator('tbody').textContent();
  const shot = (name: string) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  const links = () => page.getByRole('navigation', { name: 'Pages' }).textContent();

  async function logIn(name: string, password: string): Promise<void> {
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
  }

  async function addUser(name: string, role: string): Promise<void> {
    await page.getByLabel('Name of the new user').fill(name);
    await page.getByLabel('Password of the new user').fill(PASSWORD);
    await page.getByLabel('Role of the new user').selectOption(role);
    await page.getByRole('button', { name: 'Add user' }).click();
    await eventually(() => rows('users')).toContain(name);
  }

  test('while nobody has to log in, this machine is a viewer', async () => {
    await eventually(who).toBe('this machine viewer');
    expect(await links()).toMatch(/Now(?!.*Admin)/s);
    await page.goto(`${collector.url}/?page=admin`);
    await eventually(() => page.locator('main').textContent()).toMatch(/This page is for admins, and you are viewer here/);
  });

  test('the first link makes this browser an admin’s', async () => {
    await page.goto(collector.link);
    await eventually(who).toBe('owner admin');
    await eventually(() => page.url()).toBe(`${collector.url}/`);
    await page.getByRole('link', { name: 'Admin' }).click();
    expect(search()).toBe('?page=admin');
    await eventually(() => rows('sessions')).toMatch(/^\s*owner \(this browser\)\s*admin\s*link of the owner\s*127\.0\.0\.1/);
    await eventually(() => rows('audit')).toContain('link_open');
  });

  test('an admin adds users, and makes a token and a line for hosts', async () => {
    await addUser('ada', 'viewer');
    await addUser('root', 'admin');
    await page.getByLabel('Role of ada').selectOption('operator');
    await eventually(() => rows('audit')).toMatch(/user_change.*user_add/s);
    await page.getByLabel('What the new token is for').fill('grafana');
    await page.getByRole('button', { name: 'Make token' }).click();
    await eventually(() => section('tokens').locator('[data-secret]').textContent()).toMatch(/^tcplens-token\.[0-9a-f]{16}\.[0-9a-f]{64}$/);
    await page.getByLabel('Labels of hosts that join').fill('env=prod zone=a');
    await page.getByRole('button', { name: 'Make line' }).click();
    const line = /^tcplens agent --join 'http:\/\/\S+#[0-9a-f]{16}\.[0-9a-f]{64}\.plain'$/;
    await eventually(() => section('enrolments').locator('[data-secret]').textContent()).toMatch(line);
    await eventually(() => rows('enrolments')).toMatch(/^\s*env=prod zone=a.*0\s*100\s*until/s);
    await eventually(() => rows('audit')).toMatch(/enrolment_make.*token_make.*user_change.*user_add/s);
    expect(await axeViolations(page)).toEqual([]);
    await shot('admin');
  });

  test('what cannot be undone is asked twice', async () => {
    await section('enrolments').getByRole('button', { name: 'Revoke' }).click();
    expect(await rows('enrolments')).toMatch(/until/);
    await section('enrolments')
      .getByRole('button', { name: /sure\?$/ })
      .click();
    await eventually(() => rows('enrolments')).toMatch(/revoked/);
  });

  test('what is refused is said in the collector’s words', async () => {
    await page.getByLabel('Labels of hosts that join').fill('Env=prod');
    await page.getByRole('button', { name: 'Make line' }).click();
    await eventually(() => section('enrolments').getByRole('alert').textContent()).toMatch(/body\/labels/);
    browser.complaints.length = 0;
  });

  test('who signs out meets the log-in, and a wrong password', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await eventually(heading).toBe('Log in to tcplens');
    await logIn('ada', 'wrong horse battery');
    await eventually(() => page.getByRole('alert').textContent()).toBe('The name or the password is wrong.');
    expect(await axeViolations(page)).toEqual([]);
    await shot('login');
  });

  test('a link survives the log-in', async () => {
    await page.goto(`${collector.url}/?range=1h&filter=process+%3D+nginx`);
    await eventually(heading).toBe('Log in to tcplens');
    await logIn('ada', PASSWORD);
    await eventually(who).toBe('ada operator');
    expect(search()).toBe('?range=1h&filter=process+%3D+nginx');
    expect(await page.locator('#filter').inputValue()).toBe('process = nginx');
    await eventually(() => page.locator('[data-live-state]').getAttribute('data-live-state')).toBe('connected');
    expect(await links()).toMatch(/Now(?!.*Admin)/s);
    await shot('now');
  });

  test('who changes the own password goes on, and logs in with the new one', async () => {
    await page.locator('[data-who]').click();
    const dialog = page.getByRole('dialog', { name: 'Change your password' });
    const fill = async (present: string, password: string, again: string) => {
      await dialog.getByLabel('Present password').fill(present);
      await dialog.getByLabel('New password 10').fill(password);
      await dialog.getByLabel('New password again').fill(again);
      await dialog.getByRole('button', { name: 'Change password' }).click();
    };
    await fill(PASSWORD, NEW_PASSWORD, PASSWORD);
    await eventually(() => dialog.getByRole('alert').textContent()).toBe('these are two different new passwords');
    await fill('wrong horse battery', NEW_PASSWORD, NEW_PASSWORD);
    await eventually(() => dialog.getByRole('alert').textContent()).toBe('the present password is wrong');
    expect(await axeViolations(page)).toEqual([]);
    await shot('password');
    browser.complaints.length = 0;
    await fill(PASSWORD, NEW_PASSWORD, NEW_PASSWORD);
    await eventually(() => dialog.getByRole('status').textContent()).toMatch(/is changed/);
    await dialog.getByRole('button', { name: /^Close/ }).click();
    expect(await who()).toBe('ada operator');
    await eventually(() => page.locator('[data-live-state]').getAttribute('data-live-state')).toBe('connected');
  });

  test('whose session is ended elsewhere meets the log-in where the page was, and goes on there', async () => {
    const headers = ownerOf(collector.data);
    const { sessions } = (await ask(collector.url, 'GET', ADMIN_API.sessions, { headers })).body as Sessions;
    const { id } = sessions.find(({ name }) => name === 'ada') ?? { id: '' };
    expect(await ask(collector.url, 'DELETE', ADMIN_API.session.replace(':id', id), { headers })).toMatchObject({ status: 200 });
    await eventually(heading).toBe('Log in to tcplens');
    expect(search()).toBe('?range=1h&filter=process+%3D+nginx');
    await logIn('ada', NEW_PASSWORD);
    await eventually(who).toBe('ada operator');
    expect(search()).toBe('?range=1h&filter=process+%3D+nginx');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await eventually(heading).toBe('Log in to tcplens');
  });

  test('who logs in at the identity provider comes back to the link, or hears why not', async () => {
    provider.login('kim', ['guests']);
    await page.goto(`${collector.url}/?range=6h`);
    await page.getByRole('link', { name: 'Log in at the identity provider' }).click();
    await eventually(() => page.getByRole('alert').textContent()).toMatch(/no group of yours has a role here/);
    expect(search()).toBe('?range=6h');
    provider.login('lee', ['staff']);
    await page.context().clearCookies();
    await page.getByRole('link', { name: 'Log in at the identity provider' }).click();
    await eventually(who).toBe('lee operator');
    expect(search()).toBe('?range=6h');
  });

  test('a browser complained of nothing but what was refused', () => {
    expect(ownComplaints(browser.complaints)).toBe('');
  });
});
