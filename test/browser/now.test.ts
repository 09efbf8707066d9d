// The Now page in a real browser on a real collector: what it shows, where it leads, and that its URL says so.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { HOSTILE, openedEdge, retransmit, STORY_ID, tellStory } from './story-rows.ts';

const collector = new CollectorProcess();
const agent = new TestAgent(collector, 0xabcdefn, 'web-1');
let browser: OpenBrowser;
let page: Page;

describe('Now', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    browser = await openBrowser();
    await agent.report(20);
    await tellStory(agent, Date.now());
    await collector.stored();
    page = await browser.open(`${collector.url}/`);
    await edgeRows().first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints ?? []).toEqual([]));

  const edgeRows = () => page.locator('[data-table="edges"] tbody tr');
  const liveRows = () => page.locator('[data-table="retransmits"] tbody tr');
  const tile = (label: string) => page.locator(`[data-tile="${label}"]`).textContent();
  const search = () => new URL(page.url()).search;
  const visit = (query: string) => page.goto(`${collector.url}/${query}`);
  /** Repeats `read`, since figures arrive with the next tick or answer. */
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });

  test('tiles, charts and tables are filled', async () => {
    const tiles = {
      'connections/s': /(15 min|watched): .*\d/,
      'reset connections/s': /(15 min|watched): .*\d/,
      'retransmit ratio': /\d\s%.*resent, and no loss of data: .*SYN/,
      'SYNs resent': /4 SYNs or SYN-ACKs resent/,
      'failed connects': /1 of 26 connects/,
      'RTT p50 / p99': /ms \/ .*ms/,
      'accept overflows': /14.*a full queue turned connections away/,
      complete: /99\.50\s%.*connection rows: 2\.00\s% lost; all other kinds are whole/,
    };
    for (const [label, words] of Object.entries(tiles)) await eventually(() => tile(label)).toMatch(words);
    expect(await page.locator('figure canvas').count()).toBe(3);
    const summary = page.locator('figure', { hasText: 'Retransmissions' }).locator('p');
    await eventually(() => summary.textContent()).toMatch(/fast: latest .* highest .* at \d\d:\d\d:\d\d/);
    await eventually(() => edgeRows().count()).toBe(27);
    await eventually(() => liveRows().count()).toBe(8);
    expect(await liveRows().first().textContent()).toContain('timeout');
    expect(await liveRows().first().getAttribute('data-time-ns')).toMatch(/^\d{19}$/);
  });

  const causes = (table: string) => page.locator(`[data-table="${table}"] tbody tr`);
  /** A row's cells as `a | b | c`. */
  const words = async (rows: ReturnType<typeof causes>) =>
    Promise.all(
      (await rows.all()).map(async (row) =>
        (await row.locator('td').allTextContents()).map((text) => text.replace(/\s+/g, ' ').trim()).join(' | '),
      ),
    );

  test('listeners, resets and drops are grouped and said in words', async () => {
    await eventually(() => words(causes('listeners'))).toEqual([
      'nginx | 10.1.0.1:443 |  | ◆ bad: 14 | 15 | 2 of 128 | 100 % | 3 | 1 300 | why?',
      `${HOSTILE} | 10.1.0.1:8080 |  | 0 | 0 | 110 of 128 | ▲ warning: 85.9 % | 0 | 3 | why?`,
      'sshd | 10.1.0.1:22 |  | 0 | 0 | 0 of 128 | 0 % | 0 | 0 | why?',
    ]);
    await eventually(() => words(causes('resets'))).toEqual([
      expect.stringMatching(/^3 \| sent \| nobody listens \| no socket \| 10\.1\.0\.1:9999 ↔ 10\.1\.0\.2 \| – \| – \| 0 \| \d\d:/),
      expect.stringMatching(
        /^1 \| received \| only its sender knows \| nginx \| 10\.1\.0\.1:443 ← 10\.1\.0\.2 \| 31 s \| 31 s \| 1 \| \d\d:/,
      ),
    ]);
    await eventually(() => words(causes('drops'))).toEqual([
      expect.stringMatching(
        /^2 \| dropped \| coming in \| this host’s firewall \| nft_do_chain \| nginx \| 10\.1\.0\.1:443 ← 10\.1\.0\.2 \| 2\.9 kB \| \d\d:/,
      ),
      expect.stringMatching(
        /^1 \| dropped \| coming in \| <img src=x> \| <img src=x> \| no socket \| 10\.1\.0\.1:9999 ↔ 10\.1\.0\.2 \| 0 B \| \d\d:/,
      ),
    ]);
    await causes('resets').nth(1).click();
    await eventually(search).toBe(`?connection=${0xabcdef}/${STORY_ID}`);
    await page.keyboard.press('Escape');
    await causes('listeners').first().click();
    await eventually(search).toBe('?filter=process+%3D+nginx+and+service_port+%3D+443');
    await eventually(() => causes('listeners').count()).toBe(1);
    await page.goBack();
    await page.goBack();
    await visit('');
  });

  test('what a host names is text', async () => {
    expect(await liveRows().first().textContent()).toContain(HOSTILE);
    expect(await edgeRows().filter({ hasText: HOSTILE }).count()).toBe(1);
    expect(await page.locator('main img').count()).toBe(0);
  });

  test('sorting is in the URL, survives a reload, and goes back', async () => {
    await page.getByRole('button', { name: 'RTT p99' }).click();
    expect(search()).toBe('?sort=rtt_p99_us');
    const sorted = () => page.locator('th[aria-sort="descending"]').textContent();
    await eventually(() => edgeRows().first().textContent()).toMatch(/worker-23/);
    const shown = await edgeRows().locator('a').allTextContents();
    const workers = shown.filter((name) => name.startsWith('worker-')).map((name) => Number(name.slice('worker-'.length)));
    expect(workers).toEqual(workers.toSorted((a, b) => b - a));
    await page.reload();
    await eventually(sorted).toContain('RTT p99');
    await page.goBack();
    await eventually(sorted).toContain('resent');
  });

  test('the longest stall is a column, and found by sort', async () => {
    await visit('');
    await page.getByRole('button', { name: 'stall max' }).click();
    expect(search()).toBe('?sort=stall_max_us');
    await eventually(() => edgeRows().first().textContent()).toMatch(/nginx.*800\sms.*450\sms/s);
    await visit('');
  });

  test('an edge filters the page to itself, and Back brings the rest', async () => {
    await visit('');
    await edgeRows().filter({ hasText: 'nginx' }).click();
    await eventually(search).toBe('?filter=process+%3D+nginx+and+peer+%3D+10.1.0.2+and+service_port+%3D+443');
    expect(await page.locator('#filter').inputValue()).toBe('process = nginx and peer = 10.1.0.2 and service_port = 443');
    await eventually(() => edgeRows().count()).toBe(1);
    await eventually(() => liveRows().count()).toBe(7);
    await page.goBack();
    await eventually(() => edgeRows().count()).toBe(27);
    expect(await page.locator('#filter').inputValue()).toBe('');
  });

  test('a filter that cannot be says why, and nothing found says what to do', async () => {
    await page.locator('#filter').fill('proces = nginx');
    await page.locator('#filter').press('Enter');
    expect(await page.locator('#filter-error').textContent()).toBe('column 1 of the filter: "proces" is no field: did you mean process?');
    await visit('?filter=process+%3D+nobody');
    await page.getByRole('button', { name: 'Clear the filter' }).last().click();
    await eventually(() => edgeRows().count()).toBe(27);
  });

  test('other ranges, and the rollup’s networks', async () => {
    await page.locator('#range').selectOption('24h');
    expect(search()).toBe('?range=24h');
    await eventually(() => edgeRows().filter({ hasText: 'nginx' }).textContent()).toContain('10.1.0.0/24');
    await edgeRows().filter({ hasText: 'nginx' }).click();
    await eventually(search).toBe('?range=24h&filter=process+%3D+nginx+and+peer+%3D+10.1.0.0/24+and+service_port+%3D+443');
  });

  test('new rows appear; a pointer at rest holds them back', async () => {
    await visit('');
    await eventually(() => liveRows().count()).toBe(8);
    await agent.rows('retransmit', [retransmit(Date.now(), { connection_id: 201n })]);
    await eventually(() => liveRows().first().getAttribute('data-connection-id')).toBe('201');
    // Repeated, since drawing may move the row below the pointer.
    await eventually(async () => {
      await liveRows().nth(2).hover();
      return page.locator('[data-held]').textContent();
    }).toBe('paused, 0 new');
    // A notice above the table grows, as it does if hosts are in trouble: the resting pointer is then over another row.
    await page.locator('main').evaluate((main) => {
      Object.assign((main as unknown as { style: object }).style, { overflowAnchor: 'none', paddingTop: '600px' });
    });
    await agent.rows('retransmit', [retransmit(Date.now(), { connection_id: 202n }), retransmit(Date.now(), { connection_id: 203n })]);
    await eventually(() => page.locator('[data-held]').textContent()).toBe('paused, 2 new');
    expect(await liveRows().first().getAttribute('data-connection-id')).toBe('201');
    await page.mouse.move(10, 10);
    await eventually(() => liveRows().count()).toBe(11);
    expect(await page.locator('[data-held]').textContent()).toBe('11 rows');
  });

  test('the completeness badge opens the account and the refused hook', async () => {
    await page.getByRole('link', { name: 'account by host' }).click();
    const account = page.getByRole('dialog', { name: 'Completeness' });
    await eventually(() => account.textContent()).toMatch(/connection\s*1\s000\s*980\s*\d+\s*0\s*◆\s20/);
    await eventually(() => account.textContent()).toMatch(/ring full: 20, lost in the kernel/);
    await eventually(() => account.textContent()).toMatch(/tcp_retransmit_synack: this kernel has no such tracepoint/);
    await page.keyboard.press('Escape');
    await eventually(() => account.count()).toBe(0);
    expect(search()).toBe('');
  });

  test('a dragged range is a link, after Enter', async () => {
    const plot = page.locator('figure .u-over').first();
    await plot.hover({ position: { x: 60, y: 40 } });
    await page.mouse.down();
    await plot.hover({ position: { x: 260, y: 40 } });
    const selected = () => plot.locator('.u-select').evaluate((box) => (box as { offsetWidth: number }).offsetWidth);
    await eventually(selected).toBe(200);
    // Figures that arrive meanwhile must not remove the selection.
    await agent.rows('connection', [openedEdge(Date.now(), 'latecomer')]);
    await eventually(() => edgeRows().filter({ hasText: 'latecomer' }).count()).toBe(1);
    expect(await selected()).toBe(200);
    await page.mouse.up();
    await page.getByRole('toolbar', { name: 'the chosen time' }).waitFor();
    expect([search(), await selected()]).toEqual(['', 200]);
    await page.keyboard.press('Enter');
    await eventually(search).toMatch(/^\?from=\d{13}&to=\d{13}$/);
    await eventually(() => page.locator('[data-live-state]').getAttribute('data-live-state')).toBe('fixed');
  });

  test('the story’s connection is a row that leads to it', async () => {
    await visit('');
    // A cell without links.
    await page.locator(`[data-table="retransmits"] tr[data-connection-id="${STORY_ID}"] td.number`).first().click();
    await eventually(search).toBe(`?connection=${0xabcdef}/${STORY_ID}`);
  });
});
