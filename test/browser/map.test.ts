// The page of the map on a real collector: workloads of two hosts with their traffic, and a map of two thousand edges.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EVENT, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import type { RowValues } from '../support/row-bytes.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { HOSTILE } from './story-rows.ts';

const collector = new CollectorProcess();
const web = new TestAgent(collector, 0xa1n, 'web-1');
const db = new TestAgent(collector, 0xb2n, 'db-1');
let browser: OpenBrowser;
let page: Page;
const MANY = 2000;

describe('Map', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    browser = await openBrowser();
    for (const agent of [web, db]) await agent.report(0);
    page = await browser.open(`${collector.url}/?page=map`);
    await page.getByText('Nobody said anything to anybody').waitFor();
    await talk(Date.now());
    await collector.stored();
    await visit('?page=map');
    await rows().first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const rows = () => page.locator('[data-table="map"] tbody tr');
  const search = () => new URL(page.url()).search;
  const visit = (query: string) => page.goto(`${collector.url}/${query}`);
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });
  const plain = (text: string | null) => (text ?? '').replace(/\s+/g, ' ').trim();
  const texts = async () =>
    (await Promise.all((await rows().all()).map((row) => row.locator('td').allTextContents()))).map((cells) => plain(cells.join(' ')));
  const told = async () => plain(await page.locator('[data-told]').textContent());
  const atRest = () => page.locator('canvas[data-at-rest="true"]').waitFor();

  /** Moves the pointer over the canvas, line by line from the middle, until the shown text is the wanted one. */
  async function overCanvas(isWanted: (text: string) => boolean): Promise<void> {
    const box = await page.locator('canvas').boundingBox();
    if (!box) throw new Error('the canvas has no place');
    // The map is drawn around the middle.
    const lines = Array.from({ length: 60 }, (_, at) => box.height / 2 + (at % 2 === 0 ? at : -at - 1) * 4);
    for (const y of lines)
      for (let x = 4; x < box.width; x += 8) {
        await page.mouse.move(box.x + x, box.y + y);
        if (isWanted(await told())) return;
      }
    throw new Error('nothing on the canvas tells that');
  }

  const sample = (at_ms: number, connection_id: number, comm: string, change: RowValues): RowValues => ({
    time_ns: BigInt(Math.round(at_ms)) * 1_000_000n,
    connection_id: BigInt(connection_id),
    comm,
    role: ROLE.indexOf('client'),
    state: STATE.indexOf('established'),
    interval_us: 10_000_000,
    local_addr: '10.1.0.1',
    local_port: 40_000 + connection_id,
    peer_addr: '10.2.0.1',
    peer_port: 5432,
    bytes_sent: 1_000_000,
    data_segs_out: 1000,
    srtt_us: 20_000,
    ...change,
  });

  /** A connection with both ends watched, one to a peer that is not watched, and one from such a peer. */
  async function talk(now_ms: number): Promise<void> {
    const { local_addr, local_port, peer_addr, peer_port, ...seen } = sample(now_ms - 5000, 1, 'postgres', {
      role: ROLE.indexOf('server'),
      retrans: 50,
      retrans_data: 50,
      bytes_sent: 7,
    });
    await web.rows('sample', [
      sample(now_ms - 5000, 1, 'app', {}),
      sample(now_ms - 4000, 2, HOSTILE, { peer_addr: '203.0.113.7', peer_port: 443, srtt_us: 800_000, bytes_sent: 10 }),
    ]);
    await web.rows(
      'connection',
      [
        { ...sample(now_ms - 3000, 3, 'curl', { peer_addr: '203.0.113.8', peer_port: 81 }), event: EVENT.indexOf('failed') } as RowValues,
      ].map(({ interval_us: _, bytes_sent: __, data_segs_out: ___, ...row }) => row as RowValues),
    );
    await db.rows('sample', [
      { ...seen, local_addr: peer_addr ?? '', local_port: peer_port ?? 0, peer_addr: local_addr ?? '', peer_port: local_port ?? 0 },
      sample(now_ms - 3000, 9, 'sshd', {
        role: ROLE.indexOf('server'),
        local_addr: '10.2.0.1',
        local_port: 22,
        peer_addr: '198.51.100.4',
        peer_port: 999,
      }),
    ]);
  }

  test('who talks to whom, what both ends saw once, the worst first', async () => {
    await eventually(() => page.title()).toBe('Map · tcplens');
    await eventually(async () => plain(await page.locator('[data-shown]').textContent())).toBe('4 edges');
    const [worst = '', ...others] = await texts();
    expect(worst).toMatch(/^app on web-1 postgres on db-1 5432 1 ◆ bad: 2\.50 % 0 0 20 ms 1 MB both ends$/);
    expect(others.toSorted()).toEqual([
      expect.stringMatching(/^198\.51\.100\.0\/24 sshd on db-1 22 1 0 % 0 0 20 ms 1 MB one end$/),
      expect.stringMatching(/^<img src=x> on web-1 203\.0\.113\.0\/24 443 1 0 % 0 0 ◆ bad: 800 ms 10 B one end$/),
      expect.stringMatching(/^curl on web-1 203\.0\.113\.0\/24 81 1 – ▲ warning: 1 0 – 0 B one end$/),
    ]);
  });

  test('another harm orders it and is in the link, and so is what lies together', async () => {
    await page.getByRole('button', { name: 'RTT p99' }).click();
    await eventually(search).toBe('?page=map&harm=rtt_p99_us');
    await eventually(async () => (await texts())[0]).toMatch(/^<img src=x>/);
    await page.getByLabel('together by').selectOption('network');
    await eventually(search).toBe('?page=map&harm=rtt_p99_us&cluster=network');
    await atRest();
    await page.reload();
    expect(await page.getByLabel('together by').inputValue()).toBe('network');
    await page.goBack();
    await page.goBack();
    await eventually(search).toBe('?page=map');
    await eventually(async () => (await texts())[0]).toMatch(/^app on web-1/);
  });

  test('focus on a row tells its figures; Enter opens its connections', async () => {
    await visit('?page=map');
    await rows().first().locator('[data-row-link]').focus();
    await eventually(told).toMatch(
      /^app on web-1 → postgres on db-1 :5432 — 1 connection, 1 MB, 2\.50 % lost.*both ends watched, counted once$/,
    );
    await page.keyboard.press('ArrowDown');
    await eventually(told).not.toMatch(/postgres/);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await eventually(search).toBe(
      '?page=connections&filter=host+%3D+web-1+and+process+%3D+app+and+service_port+%3D+5432&by=retransmit_ratio',
    );
    await eventually(async () => plain(await page.locator('[data-shown]').textContent())).toMatch(/^1 by/);
  });

  test('a pointer on a line tells its figures; a click opens its connections', async () => {
    await visit('?page=map&filter=process+%3D+app');
    await rows().first().waitFor();
    await atRest();
    await overCanvas((text) => text.startsWith('app on web-1 →'));
    await page.mouse.down();
    await page.mouse.up();
    await eventually(search).toBe(
      '?page=connections&filter=host+%3D+web-1+and+process+%3D+app+and+service_port+%3D+5432&by=retransmit_ratio',
    );
  });

  test('a dot tells what it is, and leads to the map of it alone', async () => {
    await visit('?page=map&filter=process+%3D+sshd');
    await rows().first().waitFor();
    await atRest();
    await overCanvas((text) => text === 'sshd on db-1');
    await page.mouse.down();
    await page.mouse.up();
    await eventually(search).toBe('?page=map&filter=host+%3D+db-1+and+process+%3D+sshd');
  });

  test('g m leads here; nobody found says so', async () => {
    await visit('?filter=process+%3D+nobody');
    await page.locator('main').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await eventually(search).toBe('?page=map&filter=process+%3D+nobody');
    await page.getByText('Nobody said anything to anybody').waitFor();
  });

  describe.each(['dark', 'light'] as const)('axe finds nothing in %s', (colorScheme) => {
    test.each([375, 1440])('%i px', async (width) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await visit('?page=map');
      await rows().first().waitFor();
      await atRest();
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await page.setViewportSize({ width: 1440, height: 900 });
    });
  });

  test('two thousand edges: frames while it is laid out, pointed at and zoomed are printed', async () => {
    const at_ms = Date.now() - 3000;
    const many = Array.from({ length: MANY }, (_, at) =>
      sample(at_ms, 10_000 + at, `worker-${at % 200}`, {
        local_port: 20_000 + at,
        peer_addr: `10.${3 + (at % 20)}.${Math.floor(at / 200)}.1`,
        peer_port: 9000,
        bytes_sent: 10 ** (at % 9),
        retrans: at % 50,
        retrans_data: at % 50,
      }),
    );
    for (let sent = 0; sent < MANY; sent += 500) await web.rows('sample', many.slice(sent, sent + 500));
    const stored = async () => ((await (await fetch(`${collector.url}/api/v1/map?limit=1`)).json()) as { total: number }).total;
    await eventually(stored).toBe(MANY + 4);
    await visit('?page=fleet');
    await page.evaluate(
      `{ window.frames_ms = []; let last = performance.now(); const next = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(next); }; requestAnimationFrame(next); }`,
    );
    const printed = async (what: string) => {
      const frames = ((await page.evaluate('window.frames_ms.splice(0)')) as number[]).toSorted((a, b) => a - b);
      const at = (share: number) => frames[Math.floor(frames.length * share)]?.toFixed(0);
      console.info(
        `map of 2000 edges, ${what}: ${frames.length} frames, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${frames.at(-1)?.toFixed(0)} ms`,
      );
    };
    const began_ms = Date.now();
    await page.getByRole('link', { name: 'Map', exact: true }).click();
    await eventually(async () => plain(await page.locator('[data-shown]').textContent())).toBe('worst 2 000 of 2 004 edges');
    await atRest();
    await printed(`asked for and laid out in ${Date.now() - began_ms} ms`);
    const box = await page.locator('canvas').boundingBox();
    if (!box) throw new Error('the canvas has no place');
    for (let at = 0; at < 60; at++) await page.mouse.move(box.x + 200 + at * 15, box.y + 100 + at * 4);
    expect(await told()).toMatch(/worker-|Point at a line/);
    await printed('pointed at');
    for (let at = 0; at < 10; at++) await page.getByRole('button', { name: 'Zoom in' }).click();
    await printed('zoomed');
    expect(await rows().count()).toBeLessThan(60);
  });
});
