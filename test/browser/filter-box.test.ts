// The filter's box on a real collector: suggestions, errors, the last used filters, and tests that cells add.
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { retransmit, tellStory } from './story-rows.ts';

const SCREENSHOTS = join(tmpdir(), 'tcplens-filter-box');
const collector = new CollectorProcess();
const agent = new TestAgent(collector, 0xabcdefn, 'web-1');
const other = new TestAgent(collector, 2n, 'db 1');
let browser: OpenBrowser;
let page: Page;

describe('the box', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    mkdirSync(SCREENSHOTS, { recursive: true });
    await collector.start();
    browser = await openBrowser({ width: 1280, height: 900 });
    await agent.report(0);
    await other.report(0);
    await tellStory(agent, Date.now());
    await other.rows('retransmit', [retransmit(Date.now(), { connection_id: 900n, comm: 'postgres', local_port: 5432 })]);
    await collector.stored();
    page = await browser.open(`${collector.url}/`);
    await edges().first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const box = () => page.getByRole('combobox', { name: 'Filter' });
  const options = () => page.locator('[role="option"]');
  const texts = () => options().evaluateAll((all) => all.map((one) => (one.textContent ?? '').replace(/\s+/g, ' ').trim()));
  const edges = () => page.locator('[data-table="edges"] tbody tr');
  const live = () => page.locator('[data-table="retransmits"] tbody tr');
  const filter = () => new URL(page.url()).searchParams.get('filter');
  const error = () => page.locator('#filter-error').textContent();
  /** Opens the page and waits until it handles keys. */
  const visit = async (expression = '', query = '') => {
    await page.goto(`${collector.url}/?${new URLSearchParams({ filter: expression })}${query}`);
    await box().waitFor();
  };
  const shot = (name: string) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 50 });

  test('fields, operators, and values with how often they are there: a filter of arrows and Tab', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('pro');
    await eventually(texts).toEqual(['process the name of the process that owns the socket']);
    expect(await box().getAttribute('aria-expanded')).toBe('true');
    await page.keyboard.press('Tab');
    await eventually(() => box().inputValue()).toBe('process ');
    await eventually(texts).toEqual(['=', '!=', 'in', 'not in']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await eventually(() => box().inputValue()).toBe('process = ');
    await eventually(texts).toContainEqual(expect.stringMatching(/^nginx \d+ rows$/));
    expect(await axeViolations(page)).toEqual([]);
    await shot('values');
    await page.keyboard.type('pos');
    await eventually(texts).toEqual(['postgres 1 row']);
    await page.keyboard.press('ArrowDown');
    const chosen = await options().first().getAttribute('id');
    await eventually(() => box().getAttribute('aria-activedescendant')).toBe(chosen);
    await page.keyboard.press('Enter');
    await eventually(() => box().inputValue()).toBe('process = postgres ');
    await eventually(texts).toEqual(['and', 'or']);
    expect(filter()).toBeNull();
    await page.keyboard.press('Enter');
    await eventually(filter).toBe('process = postgres');
    await eventually(() => live().count()).toBe(1);
    expect(await options().count()).toBe(0);
  });

  test('Escape closes the list, and then gives the filter back', async () => {
    await visit('process = postgres');
    await page.keyboard.press('/');
    await page.keyboard.type('cla');
    await eventually(texts).toEqual(['class why a segment was sent again']);
    await page.keyboard.press('Escape');
    await eventually(() => options().count()).toBe(0);
    expect(await box().inputValue()).toBe('cla');
    await page.keyboard.press('Escape');
    await eventually(() => box().inputValue()).toBe('process = postgres');
    expect(await box().evaluate((element) => element.matches(':focus'))).toBe(false);
  });

  test('the pointer takes, too, and a value with a space is quoted', async () => {
    await visit();
    await box().fill('host = ');
    await eventually(texts).toEqual(['db 1 1 host', 'web-1 1 host']);
    await options().first().click();
    await eventually(() => box().inputValue()).toBe('host = "db 1" ');
    await page.keyboard.press('Enter');
    await eventually(filter).toBe('host = "db 1"');
    await eventually(() => live().count()).toBe(1);
  });

  test('how a measured value is written is said, and nothing is asked', async () => {
    await visit();
    await box().fill('srtt > ');
    await eventually(() => page.getByRole('status').allTextContents()).toContain(
      'a duration: write it like 100ms, with the unit us, ms, s, m or h',
    );
    await box().fill('process = zzz');
    await eventually(() => page.getByRole('status').allTextContents()).toContain('no value of process begins so in this time');
  });

  test('only the answer to what was typed last is shown', async () => {
    await visit();
    const asked: string[] = [];
    page.on('request', (request) =>
      asked.push(...(request.url().includes('/values') ? [new URL(request.url()).searchParams.get('prefix') ?? ''] : [])),
    );
    await box().fill('process = ');
    await box().pressSequentially('post');
    await eventually(texts).toEqual(['postgres 1 row']);
    expect(asked.at(-1)).toBe('post');
    page.removeAllListeners('request');
  });

  test('what is wrong is marked at its place, with what to write', async () => {
    await visit();
    await box().fill('process = nginx and srtt > 5');
    await page.keyboard.press('Enter');
    await eventually(error).toBe('column 28 of the filter: "5" is not a duration: write it like 100ms, with the unit us, ms, s, m or h');
    expect(filter()).toBe('');
    expect(await options().count()).toBe(0);
    const mark = await page.locator('[data-wrong]').boundingBox();
    const left = (await box().boundingBox())?.x ?? 0;
    // 27 characters of 12 px stand before it, each about 7 px wide.
    expect((mark?.x ?? 0) - left).toBeGreaterThan(27 * 6);
    expect((mark?.x ?? 0) - left).toBeLessThan(27 * 8 + 16);
    expect(await axeViolations(page)).toEqual([]);
    await shot('wrong');
    await page.keyboard.type('ms');
    expect(await error()).toBe('');
  });

  test('what only the collector knows is wrong it says, and the box marks it', async () => {
    await visit('class = rto and host = web-9');
    await eventually(error).toBe('column 24 of the filter: no host with the name or id "web-9" is known here');
    expect(await page.locator('[data-wrong]').count()).toBe(1);
    expect(await page.locator('main').textContent()).toMatch(/no host with the name or id "web-9"/);
    expect(browser.complaints.splice(0).every((complaint) => /400/.test(complaint))).toBe(true);
    await visit('proces = nginx');
    await eventually(error).toBe('column 1 of the filter: "proces" is no field: did you mean process?');
    await visit();
    browser.complaints.length = 0;
  });

  test('up in an empty box: the filters used last, the newest first', async () => {
    await visit();
    await page.evaluate(`localStorage.removeItem('tcplens-filters')`);
    for (const expression of ['pid = 1', 'pid = 2', 'pid = 1']) {
      await box().fill(expression);
      await page.keyboard.press('Enter');
      await eventually(filter).toBe(expression);
    }
    await visit();
    await box().focus();
    await eventually(async () => {
      await page.keyboard.press('ArrowUp');
      return texts();
    }).toEqual(['pid = 1', 'pid = 2']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await eventually(() => box().inputValue()).toBe('pid = 2 ');
    await page.keyboard.press('Enter');
    await eventually(filter).toBe('pid = 2');
  });

  test('a cell adds its value, and takes it away again, or excludes it: by pointer and by keys', async () => {
    await visit('service_port >= 1');
    const row = live().filter({ hasText: 'postgres' });
    await row.hover();
    await row.getByRole('link', { name: 'only process postgres' }).click();
    await eventually(filter).toBe('service_port >= 1 and process = postgres');
    await eventually(() => live().count()).toBe(1);
    await shot('cell');
    await live().first().getByRole('link', { name: 'any process' }).click();
    await eventually(filter).toBe('service_port >= 1');
    await live().filter({ hasText: 'postgres' }).first().locator('[data-row-link]').focus();
    for (const _ of ['only host', 'without host', 'only process', 'without process']) await page.keyboard.press('ArrowRight');
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('without process postgres');
    await page.keyboard.press('Enter');
    await eventually(filter).toBe('service_port >= 1 and process != postgres');
    await eventually(() => live().filter({ hasText: 'postgres' }).count()).toBe(0);
    await edges().filter({ hasText: 'nginx' }).getByRole('link', { name: 'without process nginx' }).click();
    await eventually(filter).toBe('service_port >= 1 and process not in (postgres, nginx)');
    await page.goBack();
    await eventually(filter).toBe('service_port >= 1 and process != postgres');
  });

  test('live rows are those that the filter means', async () => {
    await visit('host = "db 1" and class = rto or process = ng* and srtt < 20ms');
    await eventually(() => live().count()).toBe(7);
    const now_ms = Date.now();
    const CLASS_RTO = 3;
    await other.rows('retransmit', [
      retransmit(now_ms, { connection_id: 901n, comm: 'postgres', class: CLASS_RTO }),
      retransmit(now_ms, { connection_id: 902n, comm: 'postgres' }),
    ]);
    await agent.rows('retransmit', [
      retransmit(now_ms, { connection_id: 903n, srtt_us: 30_000 }),
      retransmit(now_ms, { connection_id: 904n, srtt_us: 10_000 }),
    ]);
    const ids = () =>
      live().evaluateAll((rows) =>
        rows
          .map((row) => (row as unknown as { dataset: { connectionId: string } }).dataset.connectionId)
          .filter((id) => id.startsWith('90')),
      );
    await eventually(() => ids().then((all) => all.toSorted())).toEqual(['901', '904']);
  });

  test('what live rows do not tell is said, and the rows are those of the store', async () => {
    await visit('uid = 0');
    await eventually(() => page.locator('[data-untold]').textContent()).toMatch(/rows of the live feed do not tell whether uid = 0/);
    // Eight rows of the story, one of the other host, and four of the test before.
    await eventually(() => live().count()).toBe(13);
    await agent.rows('retransmit', [
      retransmit(Date.now(), { connection_id: 910n, uid: 7 }),
      retransmit(Date.now(), { connection_id: 911n, uid: 0 }),
    ]);
    await eventually(() => live().count()).toBe(14);
    expect(await live().first().getAttribute('data-connection-id')).toBe('911');
  });

  test.each(['dark', 'light'] as const)('axe finds nothing in %s, wide and narrow, with the list open', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    for (const width of [375, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await visit('process = nginx');
      await edges().first().waitFor();
      await box().fill('process = nginx and pe');
      await eventually(() => options().count()).toBe(2);
      await page.keyboard.press('ArrowDown');
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await shot(`list-${colorScheme}-${width}`);
    }
  });
});
