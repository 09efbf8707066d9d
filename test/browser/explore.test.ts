// The Explore page on a real collector: a metric by what a person chooses, of the rows that an expression leaves, as a chart, a table and a
// link.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { END_REASON, EVENT, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import type { RowValues } from '../support/row-bytes.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { openedEdge } from './story-rows.ts';

const collector = new CollectorProcess();
const agent = new TestAgent(collector, 7n, 'web-1');
let browser: OpenBrowser;
let page: Page;

/** Number of failed connects of each process. */
const FAILED = { importer: 5, backup: 3, curl: 1 } as const;

describe('Explore', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    await agent.report(0);
    const rows = Object.entries(FAILED).flatMap(([comm, count], kind) =>
      Array.from({ length: count }, (_, at) => failed(comm, kind * 100 + at)),
    );
    await agent.rows('connection', rows);
    browser = await openBrowser({ width: 1280, height: 900 });
    await collector.stored();
    page = await browser.open(`${collector.url}/?page=explore&metric=failed_connects`);
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const failed = (comm: string, at: number): RowValues => ({
    ...openedEdge(Date.now() - 5000, comm),
    connection_id: 9000n + BigInt(at),
    role: ROLE.indexOf('client'),
    state: STATE.indexOf('close'),
    event: EVENT.indexOf('failed'),
    end_reason: END_REASON.indexOf('refused'),
    sk_err: 111,
  });
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });
  const cells = () =>
    page
      .locator('[data-table="explore"] tbody tr')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent).join(' ')));
  const search = () => new URL(page.url()).searchParams;

  test('counts by process, the most first', async () => {
    await eventually(cells).toEqual(['importer 5', 'backup 3', 'curl 1']);
    expect(await page.locator('canvas').count()).toBe(1);
    expect(await page.title()).toBe('Explore · tcplens');
  });

  test('an expression leaves rows, and is in the link', async () => {
    await page.getByLabel('Filter', { exact: true }).fill('process in (backup, curl)');
    await page.keyboard.press('Enter');
    await eventually(cells).toEqual(['backup 3', 'curl 1']);
    expect(search().get('filter')).toBe('process in (backup, curl)');
    await page.reload();
    await eventually(cells).toEqual(['backup 3', 'curl 1']);
  });

  test('two dimensions, another metric, and an earlier time beside it', async () => {
    await page.getByLabel('group 2').selectOption('role');
    await eventually(cells).toEqual(['backup client 3', 'curl client 1']);
    await page.getByLabel('beside').selectOption('hour');
    await eventually(cells).toEqual(['backup client 3 0 –', 'curl client 1 0 –']);
    expect([search().get('by'), search().get('earlier')]).toEqual(['process,role', 'hour']);
    await page.getByLabel('show').selectOption('failed_ratio');
    // Grey, as the ratio rests on few attempts.
    await eventually(() => page.locator('[data-table="explore"] tbody td.number.muted').count()).toBe(2);
    expect(await axeViolations(page)).toEqual([]);
  });

  test('a cell adds its value to the filter or excludes it; a row leads to its connections', async () => {
    await page.goto(`${collector.url}/?page=explore&metric=failed_connects`);
    await page.locator('tr', { hasText: 'backup' }).hover();
    await page.getByRole('link', { name: 'without process backup' }).click();
    await eventually(cells).toEqual(['importer 5', 'curl 1']);
    expect(search().get('filter')).toBe('process != backup');
    await page.locator('tr', { hasText: 'curl' }).getByRole('link', { name: 'curl', exact: true }).click();
    await eventually(() => [search().get('page'), search().get('filter')]).toEqual(['connections', 'process = curl']);
    await eventually(() => page.locator('[data-table="connections"] tbody tr').count()).toBe(1);
  });

  test('keys hold the range still, move it, make it longer, and let it go', async () => {
    const minutes = () => (Number(search().get('to')) - Number(search().get('from'))) / 60_000;
    await page.goto(`${collector.url}/?page=explore&metric=failed_connects`);
    await eventually(cells).toEqual(['importer 5', 'backup 3', 'curl 1']);
    await page.keyboard.press('f');
    await eventually(minutes).toBeCloseTo(15, 3);
    await eventually(cells).toEqual(['importer 5', 'backup 3', 'curl 1']);
    const held = search().toString();
    for (const _ of ['once', 'twice']) await page.keyboard.press('[');
    await eventually(cells).toEqual(['nothing in this time']);
    await page.keyboard.press(']');
    await page.keyboard.press(']');
    await eventually(() => search().toString()).toBe(held);
    await page.keyboard.press('-');
    await eventually(minutes).toBeCloseTo(30, 3);
    await eventually(cells).toEqual(['importer 5', 'backup 3', 'curl 1']);
    await page.getByLabel('Range').selectOption('15m');
    await page.getByLabel('Range').selectOption('frozen');
    await eventually(minutes).toBeCloseTo(15, 3);
    await page.keyboard.press('Escape');
    await page.locator('h1').first().click({ force: true });
    await page.keyboard.press('f');
    await eventually(() => search().get('from')).toBe(null);
  });

  test('g e leads here', async () => {
    await page.goto(`${collector.url}/`);
    await page.locator('h1', { hasText: 'Now' }).waitFor({ state: 'attached' });
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await eventually(() => search().get('page')).toBe('explore');
  });
});
