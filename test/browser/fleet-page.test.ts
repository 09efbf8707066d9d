// The Fleet page in a real browser on a real collector: hosts appear by themselves, their states in words, one host's page, and what an
// admin does.
import process from 'node:process';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { MadeEnrolment } from '../../server/api/access.ts';
import { ADMIN_API } from '../../server/api/admin.ts';
import { postReport, report } from '../server/support/agent.ts';
import { joinWith } from '../server/support/enrolled.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { retransmit } from './story-rows.ts';

const HOUR_MS = 3_600_000;
const IMAGE = 'a'.repeat(64);
const hex = (id: bigint) => id.toString(16).padStart(16, '0');
const collector = new CollectorProcess();
const agent = new TestAgent(collector, 0xabcdefn, 'web-1');
let browser: OpenBrowser;
let page: Page;
let joined = '';

describe('Fleet', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    browser = await openBrowser();
    page = await browser.open(collector.link);
    await page.goto(`${collector.url}/?page=fleet`);
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect((browser?.complaints ?? []).filter((complaint) => !/409.*rows=remove/.test(complaint))).toEqual([]));

  const main = () => page.locator('main').textContent();
  const search = () => new URL(page.url()).search;
  const names = () => page.locator('[data-table="fleet"] tbody tr[data-host] td:nth-child(2)').allTextContents();
  const rowOf = (name: string) =>
    page.locator('[data-table="fleet"] tbody tr[data-host]', { has: page.getByRole('link', { name, exact: true }) });
  const count = (state: string) => page.locator(`[data-state="${state}"] b`).textContent();
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });
  /** Shows the page as to a user with this role. */
  const seenBy = async (role: 'viewer' | 'admin') => {
    await page.unroute('**/api/v1/me');
    await page.route('**/api/v1/me', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), role } });
    });
  };
  /** Saves a picture, if the environment names a folder for it. */
  const picture = async (name: string) => {
    const folder = process.env['TCPLENS_PICTURES'];
    if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  };

  test('nobody is there: says how to begin', async () => {
    await eventually(main).toMatch(/No host has joined or reported yet.*tcplens admin enrol/);
    expect(await axeViolations(page)).toEqual([]);
  });

  test('a host that joins and one that reports appear in the open page, by themselves', async () => {
    const labels = { env: 'prod', zone: 'a' };
    const made = await page.request.post(collector.url + ADMIN_API.enrolments, {
      data: { labels, for_ms: HOUR_MS, uses: 9, rejoin: false },
    });
    const { line } = (await made.json()) as MadeEnrolment;
    joined = (await joinWith(collector.url, line, { name: 'image-1', machine_sha256: IMAGE })).host_id;
    await joinWith(collector.url, line, { name: 'image-2', machine_sha256: IMAGE });
    const from_ms = performance.now();
    await agent.report(20);
    await agent.rows('retransmit', [retransmit(Date.now(), { connection_id: 9n })]);
    await eventually(names).toEqual(expect.arrayContaining(['web-1', 'image-1', 'image-2']));
    console.info(`a host that reported was in the page after ${Math.round(performance.now() - from_ms)} ms`);
  });

  test('states are counted, and words say what is wrong', async () => {
    const host = { machine: 'x86_64', kernel: '5.15.0', agent_version: '0.0.9' };
    await postReport(collector.url, report({ host_id: hex(2n), at_ms: Date.now() - HOUR_MS, host: { ...host, name: 'gone-1' } }));
    await postReport(collector.url, report({ host_id: hex(3n), at_ms: Date.now() - 48 * HOUR_MS, host: { ...host, name: 'old-1' } }));
    // Repeated, since the page may have asked between the two reports.
    await eventually(() => Promise.all(['silent', 'retired'].map(count))).toEqual(['1', '1']);
    expect((await names())[0]).toBe('gone-1');
    expect(await names()).not.toContain('old-1');
    const words = (name: string) => rowOf(name).textContent();
    expect(await words('gone-1')).toMatch(/silent.*0\.0\.9.*older.*bad: No report for 1\sh\. Is the host up/);
    expect(await words('web-1')).toMatch(/Rows were lost: 20 in the kernel.*Its kernel refuses tcp_retransmit_synack/);
    expect(await words('image-1')).toMatch(/env=prod.*zone=a.*has not reported yet.*Has the same machine-id as image-2/);
    expect(await page.locator('.versions').textContent()).toMatch(/Collector 0\.1\.0; agents.*0\.0\.9.*older than the collector \(1\)/);
    await picture('fleet');
    expect(await axeViolations(page)).toEqual([]);
  });

  test('the link says what is shown, and Back leads to what was', async () => {
    await page.locator('[data-state="retired"]').click();
    await eventually(names).toEqual(['old-1']);
    expect(search()).toBe('?page=fleet&state=retired');
    await page.goBack();
    await eventually(names).toContain('gone-1');
    await page.keyboard.press('/');
    await page.keyboard.type('zone=a image-2');
    await page.keyboard.press('Enter');
    await eventually(names).toEqual(['image-2']);
    expect(search()).toBe('?page=fleet&text=zone%3Da+image-2');
    await page.goto(`${collector.url}/?page=fleet`);
    await rowOf('image-1').getByRole('link', { name: 'env=prod' }).click();
    await eventually(names).toEqual(['image-1', 'image-2']);
    await page.getByRole('button', { name: 'Remove the filter label env=prod' }).click();
    await eventually(names).toContain('web-1');
  });

  test('sorted by the server, and put together by a label', async () => {
    await page.getByRole('button', { name: 'lost' }).click();
    await eventually(async () => (await names())[0]).toBe('web-1');
    await page.getByLabel('group by').selectOption('env');
    const groups = () => page.locator('[data-table="fleet"] tr.group').allTextContents();
    await eventually(async () => (await groups()).map((text) => text.replace(/\s+/g, ' ').trim())).toEqual([
      expect.stringMatching(/^without env 2 hosts · .* rows\/s · 20 rows lost$/),
      expect.stringMatching(/^env=prod 2 hosts · 0 rows\/s · 0 rows lost$/),
    ]);
    expect(search()).toBe('?page=fleet&group=env&order=lost');
    await picture('fleet-grouped');
    expect(await axeViolations(page)).toEqual([]);
  });

  test('keys lead between pages and into a host', async () => {
    await page.getByLabel('group by').blur();
    await page.keyboard.press('g');
    await page.keyboard.press('n');
    await eventually(search).toBe('');
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await eventually(search).toBe('?page=fleet');
    await eventually(names).toContain('web-1');
    await page.locator('[data-row-link]').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await eventually(search).toBe('?page=fleet&host=2');
    await eventually(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('gone-1');
  });

  test('a host’s page: what is wrong, its history, its runs, and the way to its connections', async () => {
    await seenBy('viewer');
    await page.goto(`${collector.url}/?page=fleet&host=${0xabcdefn}`);
    await eventually(() => page.locator('[data-host-notes]').textContent()).toMatch(/Rows were lost: 20 in the kernel/);
    await eventually(() => page.locator('figure canvas').count()).toBe(3);
    const summary = page.locator('figure', { hasText: 'Rows lost' }).locator('p');
    await eventually(() => summary.textContent()).toMatch(/ring full: latest 20/);
    expect(await page.locator('[data-table="runs"] tbody tr').count()).toBe(1);
    expect(await page.locator('[data-table="accounts"] tbody tr').first().textContent()).toMatch(/connection.*1\s000.*980.*20/);
    expect(await main()).toMatch(/1 of 2 hooks are attached.*tcp_retransmit_synack: this kernel has no such tracepoint/);
    expect(await page.getByRole('button', { name: 'Delete…' }).count()).toBe(0);
    await picture('host');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('link', { name: 'its connections, now' }).click();
    await eventually(() => page.locator('[data-table="retransmits"] tbody tr').count()).toBe(1);
    expect(search()).toBe(`?filter=host+%3D+${0xabcdefn}`);
  });

  test('a name in the link finds the host, and one that nobody has is told', async () => {
    await page.goto(`${collector.url}/?page=fleet&host=web-1`);
    await eventually(() => page.locator('[data-table="runs"] tbody tr').count()).toBe(1);
    await page.goto(`${collector.url}/?page=fleet&host=nobody`);
    await eventually(main).toMatch(/No host is called “nobody”/);
  });

  test('an admin revokes and deletes, and is asked by the host’s name', async () => {
    await seenBy('admin');
    await page.goto(`${collector.url}/?page=fleet&host=${BigInt(`0x${joined}`)}`);
    await page.getByRole('button', { name: 'Revoke…' }).click();
    const ask = page.getByRole('dialog', { name: 'Revoke image-1' });
    expect(await axeViolations(page)).toEqual([]);
    await ask.getByRole('button', { name: 'Revoke image-1' }).click();
    await eventually(() => page.locator('[data-host-state]').getAttribute('data-host-state')).toBe('revoked');
    await page.getByRole('button', { name: 'Delete…' }).click();
    await picture('host-delete');
    await page.getByRole('dialog', { name: 'Delete image-1' }).getByRole('button', { name: 'Delete image-1' }).click();
    await eventually(names).toContain('web-1');
    await eventually(names).not.toContain('image-1');
    await page.goto(`${collector.url}/?page=fleet&host=2`);
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('dialog', { name: 'Delete gone-1' }).getByRole('button', { name: 'Delete gone-1' }).click();
    await eventually(names).toContain('web-1');
    await eventually(names).not.toContain('gone-1');
  });

  test('a host that still reports is not removed: the dialog says what to do', async () => {
    await agent.report(20);
    await page.goto(`${collector.url}/?page=fleet&host=${0xabcdefn}`);
    await page.getByRole('button', { name: 'Delete…' }).click();
    const ask = page.getByRole('dialog', { name: 'Delete web-1' });
    await ask.getByRole('button', { name: 'Delete web-1' }).click();
    await eventually(() => ask.getByRole('alert').textContent()).toMatch(/was heard \d+ s ago: revoke it or stop its agent/);
    await ask.getByRole('button', { name: 'Cancel' }).click();
    expect(await ask.count()).toBe(0);
  });
});
