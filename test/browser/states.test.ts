// States without figures: nothing stored yet, disconnected, and connected again.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser, ownComplaints } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { retransmit, tellStory } from './story-rows.ts';

const collector = new CollectorProcess();
const agent = new TestAgent(collector, 7n, 'web-1');
let browser: OpenBrowser;
let page: Page;

describe('states', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    browser = await openBrowser({ width: 900, height: 900 });
    page = await browser.open(`${collector.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });

  const main = () => page.locator('main').textContent();
  const notices = () => page.locator('[data-notices]').textContent();
  const liveState = () => page.locator('[data-live-state]').getAttribute('data-live-state');
  const newestRow = () => page.locator('[data-table="retransmits"] tbody tr').first().getAttribute('data-connection-id');
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });

  test('nobody has reported: says how to begin', async () => {
    await eventually(main).toMatch(/No agent has reported yet.*tcplens agent --collector http:\/\/127\.0\.0\.1/);
    expect(await axeViolations(page)).toEqual([]);
  });

  test('an agent, and nothing happened', async () => {
    await agent.report(0);
    await eventually(main).toMatch(/No TCP traffic in this range/);
  });

  test('the first rows fill the open page', async () => {
    await tellStory(agent, Date.now());
    await eventually(main).toMatch(/Worst edges/);
    await eventually(newestRow).toBe('102');
    await eventually(liveState).toBe('connected');
    expect(browser.complaints).toEqual([]);
  });

  test('the collector dies: the page says since when, and keeps what it has', async () => {
    await collector.kill();
    await eventually(liveState).toBe('disconnected');
    await eventually(notices).toMatch(/Disconnected since \d\d:\d\d:\d\d/);
    expect(await newestRow()).toBe('102');
    expect(await axeViolations(page)).toEqual([]);
  });

  test('it comes back: so does the page, by itself', async () => {
    await collector.start();
    await eventually(liveState).toBe('connected');
    await eventually(notices).not.toMatch(/Disconnected/);
    await agent.rows('retransmit', [retransmit(Date.now(), { connection_id: 301n })]);
    await eventually(newestRow).toBe('301');
    expect(ownComplaints(browser.complaints)).toBe('');
  });

  test('what the collector refuses is shown in its words', async () => {
    browser.complaints.length = 0;
    await page.goto(`${collector.url}/?filter=host+%3D+web-9`);
    await eventually(main).toMatch(/no host with the name or id "web-9" is known here/);
    expect(browser.complaints.every((complaint) => /400/.test(complaint))).toBe(true);
  });
});
