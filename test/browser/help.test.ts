// The manual on a real collector: from a heading to its entry, by search, and by link.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { tellStory } from './story-rows.ts';

const collector = new CollectorProcess();
const agent = new TestAgent(collector, 0xabcdefn, 'web-1');
let browser: OpenBrowser;
let page: Page;

describe('the manual', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    browser = await openBrowser({ width: 1280, height: 900 });
    await agent.report(0);
    await tellStory(agent, Date.now());
    page = await browser.open(`${collector.url}/`);
    await page.locator('[data-table="edges"] tbody tr').first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const where = () => page.url().slice(collector.url.length);
  const inSight = (id: string) =>
    page.evaluate((wanted) => {
      const box = (
        globalThis as unknown as { document: { getElementById(id: string): { getBoundingClientRect(): { top: number } } | null } }
      ).document
        .getElementById(wanted)
        ?.getBoundingClientRect();
      return box !== undefined && box.top > 0 && box.top < 900;
    }, id);
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 50 });

  test('a heading leads to its entry, and Back to the page', async () => {
    await page.locator('th', { hasText: 'stall max' }).hover();
    await page.getByRole('link', { name: 'stall max: what it means' }).click();
    await eventually(where).toBe('/?page=help#edge-stall_max_us');
    await eventually(() => inSight('edge-stall_max_us')).toBe(true);
    expect(await page.locator('.target').textContent()).toMatch(/the longest that a transfer under way stood still/);
    await eventually(() => page.title()).toBe('Manual · tcplens');
    await page.goBack();
    await page.locator('[data-table="edges"] tbody tr').first().locator('[data-row-link]').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('conns/s: what it means');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator(':focus').getAttribute('data-row-link')).toBe('');
    await page.getByRole('link', { name: 'retransmit ratio: what it means' }).focus();
    await page.keyboard.press('Enter');
    await eventually(where).toBe('/?page=help#metric-retransmit_ratio');
    await eventually(() => inSight('metric-retransmit_ratio')).toBe(true);
  });

  test('a link to what the collector tells shows it once that has come', async () => {
    await page.goto(`${collector.url}/?page=help#row-connection-turn_rtt_us`);
    await eventually(() => page.locator('.target').textContent()).toMatch(
      /turn_rtt_us.*sum of the newest RTT at each of these turns.*UInt64 · µs/s,
    );
    await eventually(() => inSight('row-connection-turn_rtt_us')).toBe(true);
    await page.screenshot({ path: join(tmpdir(), 'tcplens-manual.png') });
  });

  test('words find entries, and none is said', async () => {
    await page.goto(`${collector.url}/?page=help`);
    await page.getByLabel('Find in the manual').fill('tail probe');
    await eventually(() => page.locator('dt code').allTextContents()).toContain('tlp');
    await page.getByLabel('Find in the manual').fill('<img>');
    await eventually(() => page.locator('.nothing').textContent()).toBe('Nothing in the manual has “<img>” in it.');
  });

  test('g h and the help lead here', async () => {
    await page.goto(`${collector.url}/?page=fleet`);
    await page.locator('h1').first().waitFor({ state: 'attached' });
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await eventually(where).toBe('/?page=help');
    await page.goto(`${collector.url}/?page=fleet`);
    await page.getByRole('button', { name: 'Help' }).click();
    await page.getByRole('link', { name: 'The manual' }).click();
    await eventually(where).toBe('/?page=help#field');
    await eventually(() => inSight('field-kind')).toBe(true);
  });

  test.each(['dark', 'light'] as const)('axe finds nothing in %s, wide and narrow', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    for (const width of [375, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(`${collector.url}/?page=help#metric-rtt_p99`);
      await page.locator('#metric-rtt_p99').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
  });
});
