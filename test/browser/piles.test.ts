// The page of pile-ups on a real collector: which connections wait in which state, who owns them, who closes first, ports by destination.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { END_REASON, EVENT, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import type { RowValues } from '../support/row-bytes.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { HOSTILE } from './story-rows.ts';

const collector = new CollectorProcess();
const agent = new TestAgent(collector, 0xabcdefn, 'web-1');
let browser: OpenBrowser;
let page: Page;
let piled_ms = 0;
const [LEAKED, CLOSED, USED, RANGE] = [12, 30, 8, 10];

describe('Pile-ups', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    browser = await openBrowser();
    await agent.report(0);
    page = await browser.open(`${collector.url}/?page=piles`);
    await page.getByText('Nothing was open at the end of').waitFor();
    piled_ms = Date.now();
    await pileUp(piled_ms);
    await collector.stored();
    await visit('?page=piles');
    await rows('piles').first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const rows = (table: string) => page.locator(`[data-table="${table}"] tbody tr`);
  const search = () => new URL(page.url()).search;
  const visit = (query: string) => page.goto(`${collector.url}/${query}`);
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });
  const texts = async (table: string) =>
    (await Promise.all((await rows(table).all()).map((row) => row.locator('td').allTextContents()))).map((cells) =>
      cells.join(' ').replace(/\s+/g, ' ').trim(),
    );

  const ends = (at_ms: number, connection_id: number, comm: string, change: RowValues = {}): RowValues => ({
    time_ns: BigInt(Math.round(at_ms)) * 1_000_000n,
    connection_id: BigInt(connection_id),
    comm,
    netns: 1,
    role: ROLE.indexOf('client'),
    local_addr: '10.1.0.1',
    local_port: 40_000 + connection_id,
    peer_addr: '10.1.0.9',
    peer_port: 443,
    state: STATE.indexOf('established'),
    ...change,
  });

  async function pileUp(now_ms: number): Promise<void> {
    const leaking = Array.from({ length: LEAKED }, (_, at) =>
      ends(now_ms - 3000 - at, 100 + at, 'leaky', {
        role: ROLE.indexOf('server'),
        local_port: 8080,
        peer_port: 50_000 + at,
        state: STATE.indexOf('close_wait'),
        state_us: 90_000_000,
        idle_us: 80_000_000,
        unread: 7,
      }),
    );
    await agent.rows('sample', [...leaking, ends(now_ms - 3000, 200, HOSTILE, { state: STATE.indexOf('fin_wait2'), state_us: 5_000_000 })]);
    const ended = Array.from({ length: CLOSED }, (_, at) =>
      ends(now_ms - 120_000 - at, 300 + at, 'caller', {
        peer_addr: '10.1.0.10',
        state: STATE.indexOf('close'),
        event: EVENT.indexOf('close'),
        end_reason: END_REASON.indexOf('fin_local'),
        duration_us: 1000,
      }),
    );
    const used = Array.from({ length: USED }, (_, at) => ends(now_ms - 10_000 - at, at, 'dialer', { event: EVENT.indexOf('open') }));
    const failed = [1, 2].map((at) =>
      ends(now_ms - 5000 - at, 50 + at, 'dialer', {
        local_port: 0,
        peer_addr: '10.1.0.11',
        event: EVENT.indexOf('failed'),
        end_reason: END_REASON.indexOf('no_port'),
        sk_err: 99,
        port_first: 40_000,
        port_last: 40_000 + RANGE - 1,
      }),
    );
    await agent.rows('connection', [...ended, ...used, ...failed]);
    await agent.rows('namespace', [
      { netns: 1, time_ns: BigInt(now_ms - 20_000) * 1_000_000n, curr_estab: 9, time_wait: 4, orphans: 2, port_range: RANGE },
      { netns: 1, time_ns: BigInt(now_ms - 9000) * 1_000_000n, curr_estab: 9, time_wait: 6, orphans: 2, port_range: RANGE },
    ]);
  }

  test('what waits, whose it is, since when, and what is missing', async () => {
    // With a range that moves with the clock, the time in the state would grow while the test reads it.
    await visit(`?page=piles&from=${piled_ms - 900_000}&to=${piled_ms}`);
    await eventually(() => page.title()).toBe('Pile-ups · tcplens');
    await rows('piles').nth(2).waitFor();
    const [leak = '', dialer = '', hostile = ''] = await texts('piles');
    expect(leak).toMatch(
      /^leaky close wait was connected to, :8080 12 \+12 1 min 33 s 1 min 33 s 1 min 23 s ◆ bad: The peer has closed, this application has not\. close\(\) is missing in it.*12 more than when the range began, and none has moved data for 1 min 23 s\. 84 B wait unread/,
    );
    expect(dialer).toMatch(/^dialer established connected out, :443 8 \+8/);
    expect(hostile).toMatch(/^<img src=x> FIN wait 2 connected out, :443 1 \+1/);
    await visit('?page=piles');
    await rows('piles').nth(2).waitFor();
  });

  test('who closes first, and that tcp_fin_timeout does not help', async () => {
    expect(await texts('closers')).toEqual([
      expect.stringMatching(/^caller 10\.1\.0\.10:443 30 0 [\d.]+ 0 This side closes first, .* tcp_fin_timeout does not change that/),
    ]);
  });

  test('ports that are used up, and those that nearly are', async () => {
    const [gone = '', nearly = ''] = await texts('ports');
    expect(gone).toMatch(
      /^10\.1\.0\.1 10\.1\.0\.11:443 dialer 0 10 0 % – 2 .*2 connects found no local port from 10\.1\.0\.1 toward 10\.1\.0\.11:443 \(EADDRNOTAVAIL\): it chooses from 10/,
    );
    expect(nearly).toMatch(/^10\.1\.0\.1 10\.1\.0\.9:443 .* 9 10 90\.0 % \+8 0 ▲ warning: 90\.0 % of the local ports/);
  });

  test('both charts say in text what they draw', async () => {
    const figure = (name: string) => page.getByRole('figure', { name });
    expect(await figure('Sockets that wait in a state').textContent()).toMatch(/close wait.*12/);
    expect(await figure('What the kernel counts').textContent()).toMatch(/TIME_WAIT.*6/);
  });

  test('one state, by any order: a link, and back', async () => {
    await page.getByRole('group', { name: 'state' }).getByRole('link', { name: 'FIN wait 2' }).click();
    await eventually(search).toBe('?page=piles&state=fin_wait2');
    await eventually(() => rows('piles').count()).toBe(1);
    await page.getByRole('button', { name: 'oldest' }).click();
    await eventually(search).toBe('?page=piles&state=fin_wait2&by=oldest_us');
    await page.reload();
    await eventually(() => rows('piles').count()).toBe(1);
    await page.goBack();
    await page.goBack();
    await eventually(() => rows('piles').count()).toBe(3);
  });

  test.each([
    [
      'piles',
      'leaky',
      '?page=connections&filter=process+%3D+leaky+and+service_port+%3D+8080&phase=live&state=close_wait&by=state_us',
      LEAKED,
    ],
    [
      'closers',
      'caller',
      '?page=connections&filter=process+%3D+caller+and+peer+%3D+10.1.0.10+and+service_port+%3D+443&phase=ended&reason=fin_local',
      CLOSED,
    ],
    ['ports', '10.1.0.11', '?page=connections&filter=peer+%3D+10.1.0.11+and+service_port+%3D+443&phase=failed&reason=no_port', 2],
    ['ports', '90.0', '?page=connections&filter=peer+%3D+10.1.0.9+and+service_port+%3D+443', USED + 1],
  ])('%s: %s leads to its connections', async (table, text, link, count) => {
    await visit('?page=piles');
    await rows(table).filter({ hasText: text }).first().locator('[data-row-link]').click();
    await eventually(search).toBe(link);
    await eventually(async () => (await page.locator('[data-shown]').textContent())?.split(' ')[0]).toBe(String(count));
  });

  test('g p leads here; of one process the kernel’s counts are not shown, and why is', async () => {
    await visit('?filter=process+%3D+leaky');
    await page.locator('main').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await eventually(search).toBe('?page=piles&filter=process+%3D+leaky');
    await eventually(() => rows('piles').count()).toBe(1);
    expect(await page.getByRole('figure').count()).toBe(1);
    expect(await page.locator('main').textContent()).toContain('without this filter they are here');
    await visit('?page=piles&filter=process+%3D+nobody');
    await page.getByText('Nothing was open at the end of the last 15 min').waitFor();
  });

  describe.each(['dark', 'light'] as const)('axe finds nothing in %s', (colorScheme) => {
    test.each([375, 1440])('%i px', async (width) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await visit('?page=piles');
      await rows('piles').first().waitFor();
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await page.setViewportSize({ width: 1440, height: 900 });
    });
  });
});
