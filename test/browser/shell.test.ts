// Common parts of all pages: how often they ask, what they show while there is no answer, and that everything fits into the window.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLASS } from '../../bpf/rows/rows.gen.ts';
import { EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { refuse } from './refused.ts';
import { openedEdge, retransmit, tellStory } from './story-rows.ts';

const HOSTS = 300;
/** As long as the kernel allows a name to be, with the widest letter. */
const LONG = 'WWWWWWWWWWWWWWW';
const LONG_ADDR = '20010db8aaaabbbbccccddddeeeeffff';
const LONG_PORT = 65_432;

const collector = new CollectorProcess();
const agent = new TestAgent(collector, 0xabcdefn, 'web-1');
// At the begin of a second, so that rows of the story within ten milliseconds are in the same second.
const told_ms = Math.floor(Date.now() / 1000) * 1000;
let browser: OpenBrowser;
let page: Page;

describe('the shell', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    browser = await openBrowser();
    await agent.report(0);
    await tellStory(agent, told_ms);
    const long = { comm: LONG, peer_addr: LONG_ADDR, peer_port: LONG_PORT, role: 1 };
    await agent.rows('connection', [{ ...openedEdge(Date.now(), LONG), ...long, connection_id: 6000n }]);
    await agent.rows('retransmit', [retransmit(Date.now(), { ...long, connection_id: 6000n })]);
    await collector.stored();
    page = await browser.open(`${collector.url}/`);
    await edgeRows().first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const edgeRows = () => page.locator('[data-table="edges"] tbody tr');
  const liveRows = () => page.locator('[data-table="retransmits"] tbody tr');
  const status = () => page.locator('[data-held]').textContent();
  const notices = () => page.locator('[data-notices]').textContent();
  const liveState = () => page.locator('[data-live-state]').getAttribute('data-live-state');
  const visit = (query: string) => page.goto(`${collector.url}/${query}`);
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });

  test('each question is asked once at the start', async () => {
    const asked: string[] = [];
    const note = (request: { url(): string }) => asked.push(new URL(request.url()).pathname);
    const ticked = page
      .waitForEvent('websocket')
      .then((socket) => socket.waitForEvent('framereceived', { predicate: ({ payload }) => String(payload).includes('"tick"') }));
    let connections = 0;
    const connects = () => void connections++;
    const began_ms = Date.now();
    page.on('request', note).on('websocket', connects);
    await visit('');
    await ticked;
    await edgeRows().first().waitFor();
    await eventually(liveState).toBe('connected');
    page.off('request', note).off('websocket', connects);
    const times = (path: string) => asked.filter((one) => one === path).length;
    // Without a feed for five seconds, a page asks by itself every two seconds.
    const unfed = Math.max(0, Math.ceil((Date.now() - began_ms - 5000) / 2000));
    for (const one of ['overview', 'edges'].map((name) => times(`/api/v1/${name}`))) expect(one >= 1 && one <= 1 + unfed).toBe(true);
    // Rows are read again until those from before the page's start are stored, and after each reconnection of the feed.
    const reads = 1 + Math.floor((Date.now() - began_ms) / 2500) + 2 * (connections - 1);
    expect(times('/api/v1/retransmits')).toBeLessThanOrEqual(reads);
  });

  test('the title says which page, and of what', async () => {
    await visit('');
    await eventually(() => page.title()).toBe('Now · tcplens');
    await visit('?filter=process+%3D+nginx+and+service_port+%3D+443');
    await eventually(() => page.title()).toBe('Now: process = nginx and service_port = 443 · tcplens');
    await visit('?page=fleet');
    await eventually(() => page.title()).toBe('Fleet · tcplens');
  });

  test('a fixed range shows its date, and one that has not begun is said to be in the future', async () => {
    const from = Date.UTC(2026, 0, 2, 3, 4, 5);
    await visit(`?from=${from}&to=${from + 60_000}`);
    await eventually(() => page.locator('#range option[value="span"]').textContent()).toBe('2026-01-02 03:04:05 – 03:05:05');
    const future = Date.now() + 3_600_000;
    await visit(`?from=${future}&to=${future + 60_000}`);
    await eventually(() => page.locator('main').textContent()).toMatch(/the range begins \d+ s from now by the collector's clock/);
    expect(await edgeRows().count()).toBe(0);
    expect(browser.complaints.splice(0).every((complaint) => /400/.test(complaint))).toBe(true);
  });

  test('the newest step of a stacked chart is drawn, and resting on it tells when it was', async () => {
    // The retransmissions were 30 s to 29.99 s before the story: all in the last step of this range.
    const at_ms = told_ms - 30_000;
    await visit(`?from=${at_ms - 60_000}&to=${at_ms + 1000}`);
    const chart = page.locator('figure', { hasText: 'Retransmissions' });
    await eventually(() => chart.locator('p').textContent()).toMatch(/fast: latest 2/);
    const painted = () =>
      chart.locator('canvas').evaluate((canvas) => {
        const { width, height } = canvas as unknown as { width: number; height: number };
        const context = (
          canvas as unknown as { getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } } }
        ).getContext('2d');
        // The plot ends 24 px from the right; a step is 1/61 of its width.
        const x = width - 24 - Math.round((width - 80) / 122);
        const { data } = context.getImageData(x, 0, 1, height);
        return Array.from({ length: height }, (_, y) => data[y * 4 + 3] ?? 0).filter((alpha) => alpha === 255).length / height;
      });
    await eventually(painted).toBeGreaterThan(0.5);
    await chart.locator('.u-over').hover({ position: { x: 100, y: 40 } });
    await eventually(() => chart.locator('figcaption').textContent()).toMatch(/\d\d:\d\d:\d\d/);
  });

  test('while nothing answers it says for how long, and asks again on demand', async () => {
    let hung = 0;
    await page.route('**/api/v1/overview*', (route) => (hung++ === 0 ? undefined : route.continue()));
    await visit('?filter=process+%3D+nginx');
    const again = page.getByRole('button', { name: 'Ask again' });
    await again.waitFor();
    expect(await page.locator('main').textContent()).toMatch(/Reading.*for \d+ s/s);
    await again.click();
    await edgeRows().first().waitFor();
    await page.unroute('**/api/v1/overview*');
  });

  test('a person stops what takes long: the request ends, nothing asks again, until he says so', async () => {
    let asked = 0;
    await page.route('**/api/v1/listeners*', (route) => (asked++ === 0 ? undefined : route.continue()));
    const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('/api/v1/listeners'));
    await visit('?page=listeners');
    await page.getByRole('button', { name: 'Stop' }).click();
    await ended;
    await eventually(() => page.getByRole('alert').allTextContents()).toContainEqual(
      expect.stringContaining('You stopped this before it was answered.'),
    );
    expect(asked).toBe(1);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-table="listeners"] tbody tr').first().waitFor();
    await page.unroute('**/api/v1/listeners*');
  });

  test('figures of one filter are not shown under another that nobody answered', async () => {
    await visit('');
    await edgeRows().nth(5).waitFor();
    const again = await refuse(page, /\/api\/v1\/(?!live)/, (route) => route.abort('connectionrefused'));
    await page.locator('#filter').fill('process = nobody');
    await page.locator('#filter').press('Enter');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    expect([await edgeRows().count(), await page.locator('.tiles').count()]).toEqual([0, 0]);
    await again();
    await page.getByRole('heading', { name: 'Nothing matches this filter' }).waitFor();
    await page.unroute(/\/api\/v1\/(?!live)/);
    browser.complaints.splice(0);
  });

  test('how many rows there are is counted, not cut off', async () => {
    const burst = (count: number, connection_id: bigint) =>
      agent.rows(
        'retransmit',
        Array.from({ length: count }, (_, at) => retransmit(Date.now(), { connection_id, seq: at, class: CLASS.indexOf('rto') })),
      );
    await burst(640, 700n);
    await visit('?filter=process+%3D+nginx');
    await eventually(status).toMatch(/^newest \d+ of 647 rows$/);
    expect(await liveRows().count()).toBeLessThan(60);
    await eventually(async () => {
      await liveRows().nth(2).hover();
      return status();
    }).toMatch(/^paused/);
    // The limit of rows in one message of the feed.
    for (let sent = 1; sent <= 6; sent++) {
      await burst(100, 710n + BigInt(sent));
      await eventually(status).toBe(`paused, ${sent}00 new`);
    }
    await page.mouse.move(10, 10);
    await eventually(status).toMatch(/^newest 500 of 1\s247 rows$/);
  });

  test('the keyboard reaches rows that are not drawn yet', async () => {
    await liveRows().first().locator('[data-row-link]').focus();
    const first = await liveRows().first().getAttribute('data-time-ns');
    await page.keyboard.press('End');
    await eventually(() =>
      page
        .locator(':focus')
        .evaluate((link) =>
          (link as unknown as { closest(of: string): { getAttribute(name: string): string } }).closest('tr').getAttribute('aria-rowindex'),
        ),
    ).toBe('501');
    await page.keyboard.press('Home');
    await eventually(() => page.locator('tr:has(:focus)').getAttribute('data-time-ns')).toBe(first);
  });

  test('long names and addresses are whole, or keep what tells them apart', async () => {
    await visit(`?filter=process+%3D+${LONG}`);
    await edgeRows().first().waitFor();
    for (const rows of [edgeRows(), liveRows()]) {
      const name = rows.first().locator('td', { hasText: LONG });
      expect(
        await name.evaluate(
          (cell) =>
            (cell as unknown as { scrollWidth: number; clientWidth: number }).scrollWidth <=
            (cell as unknown as { clientWidth: number }).clientWidth,
        ),
      ).toBe(true);
      const port = rows.first().getByText(`:${LONG_PORT}`, { exact: true });
      const [cell, shown] = [await port.locator('xpath=ancestor::td').boundingBox(), await port.boundingBox()];
      expect((shown?.x ?? 0) + (shown?.width ?? 0)).toBeLessThanOrEqual((cell?.x ?? 0) + (cell?.width ?? 0));
      expect(await port.locator('xpath=..').getAttribute('title')).toContain('2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff');
    }
  });

  test('a recording is not taken for live traffic', async () => {
    const replay = new TestAgent(collector, 0x77n, 'recording loss');
    await replay.report(0);
    await visit('');
    await eventually(notices).toMatch(/“recording loss” is a recording that is being replayed: its connections are not of now\./);
  });

  test.each([375, 640, 789, 1440])('%i px: range, live, theme and help stay on the screen', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    for (const query of ['', '?page=fleet']) {
      await visit(query);
      const controls = [page.locator('[data-live-state]'), ...[/^Theme/, 'Help'].map((name) => page.getByRole('button', { name }))];
      if (query === '') controls.push(page.locator('#range'), page.locator('#filter'));
      for (const [at, control] of controls.entries()) {
        const { x = -1, width: wide = 0 } = (await control.boundingBox()) ?? {};
        expect({ query, at, inside: x >= 0 && x + wide <= width }).toEqual({ query, at, inside: true });
      }
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('the account of many hosts is a list of lines, each opened on demand', async () => {
    const names = Array.from({ length: HOSTS }, (_, at) => `many-${String(at).padStart(4, '0')}`);
    await Promise.all(names.map((name, at) => new TestAgent(collector, 0x1000n + BigInt(at), name).report(at % 50 === 0 ? 10 : 0)));
    await visit('?panel=completeness');
    const account = page.getByRole('dialog', { name: 'Completeness' });
    await eventually(() => account.locator('details').count()).toBe(100);
    const height = () => account.evaluate((dialog) => (dialog as unknown as { scrollHeight: number }).scrollHeight);
    console.info(`completeness of ${HOSTS} hosts: 100 shown, ${await height()} px`);
    expect(await height()).toBeLessThan(100 * 60);
    await account.locator('summary', { hasText: 'many-0000' }).click();
    await eventually(() => account.textContent()).toMatch(/connection\s*1\s000\s*990/);
    await account.getByRole('button', { name: 'Show more' }).click();
    await eventually(() => account.locator('details').count()).toBe(200);
    expect(await height()).toBeLessThan(200 * 60);
  });

  test('at 400 retransmissions a second: frames are printed, and few rows are drawn', async () => {
    await visit('');
    await liveRows().first().waitFor();
    await page.evaluate(
      `window.frames_ms = []; { let last = performance.now(); const next = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(next); }; requestAnimationFrame(next); }`,
    );
    const until_ms = Date.now() + 5000;
    for (let sent = 0; Date.now() < until_ms || (await page.evaluate('window.frames_ms.length <= 10')); sent++) {
      const due = new Promise((resolve) => setTimeout(resolve, 100));
      await agent.rows(
        'retransmit',
        Array.from({ length: 40 }, (_, at) => retransmit(Date.now(), { connection_id: 800n + BigInt(sent), seq: at })),
      );
      await due;
    }
    const frames = ((await page.evaluate('window.frames_ms')) as number[]).toSorted((a, b) => a - b);
    const at = (share: number) => frames[Math.floor(frames.length * share)]?.toFixed(0);
    console.info(
      `400 retransmissions/s for 5 s: ${frames.length} frames, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, longest ${frames.at(-1)?.toFixed(0)} ms`,
    );
    expect(await liveRows().count()).toBeLessThan(60);
  });

  test('on paper: dark on light, the filter and the range, whole tables, and nothing to operate', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await visit('?filter=process+!%3D+nobody');
    await page.locator('[data-table="edges"] tbody tr').first().waitFor();
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.getByRole('navigation', { name: 'Pages' }).isVisible()).toBe(false);
    expect(await page.locator('header button:visible').count()).toBe(0);
    expect(await page.locator('#filter').inputValue()).toBe('process != nobody');
    expect(await page.locator('#range').isVisible()).toBe(true);
    expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe('rgb(255, 255, 255)');
    const edges = page.locator('.scroll', { has: page.locator('[data-table="edges"]') });
    const [shown, whole] = await edges.evaluate((element) => {
      const { clientHeight, scrollHeight } = element as unknown as { clientHeight: number; scrollHeight: number };
      return [clientHeight, scrollHeight];
    });
    expect(shown).toBe(whole);
    await page.screenshot({ path: join(tmpdir(), 'tcplens-print.png'), fullPage: true });
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
  });
});
