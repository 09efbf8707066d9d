// A fleet with more hosts than an answer lists: the page counts all, finds one by name, and shows accounts a page at a time.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { retransmit } from './story-rows.ts';

/** An answer lists 500 hosts, the silent ones first, so the last host to report is not in it. */
const HOSTS = 510;
const AT_ONCE = 30;

const collector = new CollectorProcess();
const agents = Array.from({ length: HOSTS }, (_, at) => new TestAgent(collector, BigInt(at + 1), `web-${String(at + 1).padStart(3, '0')}`));
let browser: OpenBrowser;
let page: Page;

describe('fleet', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    for (let at = 0; at < HOSTS; at += AT_ONCE) await Promise.all(agents.slice(at, at + AT_ONCE).map((agent) => agent.report(0)));
    browser = await openBrowser({ width: 900, height: 900 });
    page = await browser.open(`${collector.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });

  const main = () => page.locator('main').textContent();
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });

  test('all of them are counted', async () => {
    await eventually(main).toMatch(/510 hosts report and saw no connection/);
  });

  test('one that is not in the list is found by its name', async () => {
    await agents.at(-1)?.rows('retransmit', [retransmit(Date.now(), { connection_id: 9n })]);
    await page.goto(`${collector.url}/?filter=host+%3D+web-510`);
    await eventually(() => page.locator('[data-table="retransmits"] tbody tr').count()).toBe(1);
    expect(await page.locator('#filter-error').textContent()).toBe('');
  });

  test('accounts are shown a hundred hosts at a time', async () => {
    await page.goto(`${collector.url}/`);
    await page.getByRole('link', { name: 'account by host' }).click();
    const account = page.getByRole('dialog', { name: 'Completeness' });
    await eventually(() => account.locator('details').count()).toBe(100);
    await account.getByRole('button', { name: 'Show more' }).click();
    await eventually(() => account.locator('details').count()).toBe(200);
    expect(browser.complaints).toEqual([]);
  });
});
