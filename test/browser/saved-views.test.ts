// Saved views on a real collector: saves this page, returns to it, and removes the view.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { CollectorProcess } from './collector-process.ts';

const QUERY = '?page=connections&range=1h&filter=process+%3D+nginx&by=bytes';
const collector = new CollectorProcess();
let browser: OpenBrowser;
let page: Page;

describe('saved views', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    browser = await openBrowser({ width: 1280, height: 900 });
    page = await browser.open(collector.url + QUERY);
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const drawer = () => page.getByRole('dialog', { name: 'Saved views' });
  const rows = () => drawer().locator('tbody tr');
  const search = () => new URL(page.url()).search;
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 50 });

  test('saved under a name, opened from elsewhere by keys, and removed after a second click', async () => {
    await page.getByRole('button', { name: 'Saved views' }).click();
    await eventually(() => rows().allTextContents()).toEqual(['Nobody has saved one yet.']);
    await page.getByLabel('Save what this page shows as').fill('<b>nginx</b>, an hour');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await eventually(() => rows().first().textContent()).toMatch(/^<b>nginx<\/b>, an hour\s*local/);
    expect(await page.getByLabel('Save what this page shows as').inputValue()).toBe('');
    expect(await axeViolations(page)).toEqual([]);
    expect(await rows().getByRole('link').getAttribute('title')).toBe('process = nginx');
    await page.screenshot({ path: join(tmpdir(), 'tcplens-saved-views.png') });
    await page.keyboard.press('Escape');
    await eventually(() => drawer().count()).toBe(0);

    await page.goto(`${collector.url}/?page=fleet`);
    await page.getByRole('button', { name: 'Saved views' }).waitFor();
    await page.keyboard.press('v');
    await drawer().getByRole('link', { name: 'an hour' }).focus();
    await page.keyboard.press('Enter');
    await eventually(search).toBe(QUERY);
    await eventually(() => drawer().count()).toBe(0);
    expect(await page.locator('#filter').inputValue()).toBe('process = nginx');
    await page.goBack();
    await eventually(search).toBe('?page=fleet');

    await page.keyboard.press('v');
    const remove = rows().getByRole('button');
    await remove.click();
    await eventually(() => remove.textContent()).toMatch(/Sure\?/);
    await remove.click();
    await eventually(() => rows().allTextContents()).toEqual(['Nobody has saved one yet.']);
  });

  test.each(['dark', 'light'] as const)('axe finds nothing in %s on a narrow screen', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 375, height: 900 });
    await page.goto(`${collector.url}/?page=fleet`);
    await page.getByRole('button', { name: 'Saved views' }).click();
    await rows().first().waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
  });
});
