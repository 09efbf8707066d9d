// The Connections page on a real collector: found by filter, reason and order, thousands of them, each a link to its story.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { END_REASON, EVENT, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import type { RowValues } from '../support/row-bytes.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { openedEdge, STORY_ID, tellStory } from './story-rows.ts';

const HOST_ID = 0xabcdefn;
const MANY = 5200;
const collector = new CollectorProcess();
const agent = new TestAgent(collector, HOST_ID, 'web-1');
let browser: OpenBrowser;
let page: Page;
let told_ms = 0;

describe('Connections', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    browser = await openBrowser();
    await agent.report(0);
    const now_ms = Date.now();
    told_ms = now_ms;
    await tellStory(agent, now_ms);
    await agent.rows('connection', [failed(1, 'timeout', 110), failed(2, 'no_port', 99), failed(3, 'no_port', 99)]);
    await agent.rows('sample', [leaking(now_ms)]);
    await collector.stored();
    page = await browser.open(`${collector.url}/?page=connections`);
    await rows().first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const rows = () => page.locator('[data-table="connections"] tbody tr');
  const ids = () =>
    rows().evaluateAll((all) => all.map((row) => (row as unknown as { dataset: { connectionId: string } }).dataset.connectionId));
  const shown = () => page.locator('[data-shown]').textContent();
  const chip = (name: string) => page.locator(`[data-chip="${name}"]`);
  const search = () => new URL(page.url()).search;
  const visit = (query: string) => page.goto(`${collector.url}/${query}`);
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });

  const failed = (at: number, reason: (typeof END_REASON)[number], sk_err: number): RowValues => ({
    ...openedEdge(Date.now() - 1000, 'importer'),
    connection_id: 9000n + BigInt(at),
    role: ROLE.indexOf('client'),
    state: STATE.indexOf('close'),
    event: EVENT.indexOf('failed'),
    end_reason: END_REASON.indexOf(reason),
    sk_err,
  });
  /** A connection that its peer closed two minutes ago, and that the process did not close. */
  const leaking = (at_ms: number): RowValues => {
    const { event: _event, connect_us: _connect, ...ends } = openedEdge(at_ms - 1000, 'leaky');
    return {
      ...ends,
      connection_id: 9100n,
      state: STATE.indexOf('close_wait'),
      state_us: 120_000_000,
      unread: 4096,
      interval_us: 10_000_000,
    };
  };

  test('says how many, of how many rows, how complete, and what it cannot show', async () => {
    await eventually(shown).toMatch(/^31 by last seen$/);
    const text = await page.locator('main').textContent();
    expect(text).toMatch(/made of \d+ rows, 100\s% complete\. One that neither moved nor ended in the last 15 min has no\s+row in it/);
    await eventually(() => page.title()).toBe('Connections · tcplens');
  });

  test('failed connects by reason, each a click, a link and back', async () => {
    const reasons = () => page.locator('[data-chip^="failed connects/"]').allTextContents();
    await eventually(reasons).toEqual(['no port left 2', 'refused 1', 'timed out 1']);
    await chip('failed connects/no_port').click();
    await eventually(search).toBe('?page=connections&phase=failed&reason=no_port');
    await eventually(() => ids().then((all) => all.toSorted())).toEqual(['9002', '9003']);
    expect(await rows().first().textContent()).toContain('no port left');
    await page.reload();
    await eventually(() => rows().count()).toBe(2);
    await chip('failed connects/no_port').click();
    await eventually(shown).toMatch(/^31 /);
    await page.goBack();
    await eventually(shown).toMatch(/^2 /);
  });

  test('what waits in CLOSE_WAIT, for how long, and with what unread', async () => {
    // With a range that moves with the clock, the time in the state would grow while the test reads it.
    await visit(`?page=connections&from=${told_ms - 900_000}&to=${told_ms}`);
    await chip('live, by state/close_wait').click();
    await eventually(ids).toEqual(['9100']);
    expect((await rows().first().textContent())?.replaceAll('\u202f', ' ')).toMatch(/leaky.*close wait.*2 min 1 s.*4\.1 kB/s);
  });

  test('by any column, the largest first', async () => {
    await visit('?page=connections');
    await page.getByRole('button', { name: 'RTT' }).click();
    await eventually(search).toBe('?page=connections&by=srtt_us');
    await eventually(async () => (await rows().first().textContent()) ?? '').toMatch(/worker-23/);
    await page.getByRole('button', { name: 'bytes' }).click();
    await eventually(async () => (await ids())[0]).toBe(String(STORY_ID));
  });

  test('Enter opens the story; a filter narrows; nothing found says what to do', async () => {
    await visit('?page=connections&filter=process+%3D+nginx+and+service_port+%3D+443');
    await eventually(ids).toEqual([String(STORY_ID)]);
    await rows().first().locator('[data-row-link]').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: /nginx/ }).waitFor();
    expect(search()).toBe(`?page=connections&filter=process+%3D+nginx+and+service_port+%3D+443&connection=${HOST_ID}/${STORY_ID}`);
    await page.keyboard.press('Escape');
    await visit('?page=connections&filter=process+%3D+nobody');
    await page.getByRole('link', { name: /Show all connections of the last 15 min/ }).click();
    await eventually(shown).toMatch(/^31 /);
  });

  test('g c leads here, and so do the figures of edges, listeners and resets', async () => {
    await visit('');
    await page.locator('[data-table="edges"] tbody tr').first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await eventually(search).toBe('?page=connections');
    const from = async (table: string, row: string, cell: RegExp) => {
      await visit('');
      await page
        .locator(`[data-table="${table}"] tbody tr`, { hasText: row })
        .first()
        .locator('a[title="open its connections"]', { hasText: cell })
        .first()
        .click();
      await eventually(search).toMatch(/^\?page=connections/);
      return search();
    };
    expect(await from('edges', 'nginx', /./)).toBe(
      '?page=connections&filter=process+%3D+nginx+and+peer+%3D+10.1.0.2+and+service_port+%3D+443',
    );
    expect(await from('edges', 'curl', /^1$/)).toBe(
      '?page=connections&filter=process+%3D+curl+and+peer+%3D+10.1.0.3+and+service_port+%3D+8080&phase=failed',
    );
    expect(await from('listeners', 'sshd', /./)).toBe('?page=connections&filter=process+%3D+sshd+and+service_port+%3D+22');
    expect(await from('resets', 'nginx', /./)).toBe(
      '?page=connections&filter=process+%3D+nginx+and+peer+%3D+10.1.0.2+and+service_port+%3D+443',
    );
  });

  test('left and right go over the links of a row', async () => {
    await visit('');
    await page.locator('[data-table="edges"] tbody tr').first().locator('[data-row-link]').focus();
    await eventually(async () => {
      await page.keyboard.press('ArrowRight');
      return page.locator(':focus').getAttribute('title');
    }).toBe('open its connections');
    await page.keyboard.press('Enter');
    await eventually(search).toMatch(/^\?page=connections&filter=process/);
  });

  describe.each(['dark', 'light'] as const)('axe finds nothing in %s', (colorScheme) => {
    test.each([
      [375, '?page=connections'],
      [1440, '?page=connections'],
      [1440, '?page=connections&filter=process+%3D+nobody'],
      [375, '?page=listeners'],
      [1440, '?page=listeners'],
    ])('%i px: %s', async (width, query) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await visit(query);
      await (query.includes('nobody')
        ? page.getByRole('heading', { name: 'No connection fits' })
        : page.locator('tbody tr').first()
      ).waitFor();
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await page.setViewportSize({ width: 1440, height: 900 });
    });
  });

  test('five thousand, of which few are drawn; frames while they are scrolled through are printed', async () => {
    const at_ms = Date.now() - 2000;
    const many = Array.from({ length: MANY }, (_, at) => ({
      ...openedEdge(at_ms + (at % 1000), 'crowd'),
      connection_id: 20_000n + BigInt(at),
    }));
    for (let sent = 0; sent < MANY; sent += 1000) await agent.rows('connection', many.slice(sent, sent + 1000));
    const stored = async () =>
      (
        (await (await fetch(`${collector.url}/api/v1/connections?filter=${encodeURIComponent('process = crowd')}&limit=1`)).json()) as {
          total: number;
        }
      ).total;
    await eventually(stored).toBe(MANY);
    await visit('?page=connections&filter=process+%3D+crowd');
    await eventually(shown).toMatch(/^first 1\s000 of 5\s200 by last seen$/);
    const scroller = page.locator('.scroll');
    const down = () =>
      scroller.evaluate((element) => {
        (element as unknown as { scrollTop: number }).scrollTop = 1e9;
      });
    await page.evaluate(
      `window.frames_ms = []; { let last = performance.now(); const next = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(next); }; requestAnimationFrame(next); }`,
    );
    await eventually(async () => {
      await down();
      return shown();
    }).toMatch(/^first 5\s000 of 5\s200 by last seen: a filter finds the others$/);
    await scroller.hover();
    for (let turns = 0; turns < 40; turns++) await page.mouse.wheel(0, -2500);
    const frames = ((await page.evaluate('window.frames_ms')) as number[]).toSorted((a, b) => a - b);
    const at = (share: number) => frames[Math.floor(frames.length * share)]?.toFixed(0);
    console.info(
      `5000 connections scrolled through: ${frames.length} frames, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${frames.at(-1)?.toFixed(0)} ms`,
    );
    expect(await rows().count()).toBeLessThan(100);
    // Read at once, since the last turns of the wheel may still move the rows.
    const drawn = await ids();
    expect(new Set(drawn).size).toBe(drawn.length);
  });
});
