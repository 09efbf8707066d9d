// The page of latencies on a real collector: its figures are those of the rows, a cell leads to its connections, and all of it is a link.
import fc from 'fast-check';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EVENT, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import { PLOT_LEFT, PLOT_RIGHT } from '../../dashboards/charts/plot-insets.ts';
import { PLOT_BOTTOM, PLOT_TOP } from '../../dashboards/views/latency/draw-heatmap.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import type { RowValues } from '../support/row-bytes.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';

const collector = new CollectorProcess();
const agent = new TestAgent(collector, 21n, 'web-1');
let browser: OpenBrowser;
let page: Page;

/** Handshakes of two processes. Those of `slow` had to wait for the SYN timer. */
type Opened = { comm: string; connect_us: number; ago_s: number };
const drawn = (comm: string, us: fc.Arbitrary<number>, count: number): Opened[] =>
  fc.sample(fc.record({ comm: fc.constant(comm), connect_us: us, ago_s: fc.constantFrom(60, 120, 300) }), count);
const handshakes = [
  ...drawn('quick', fc.integer({ min: 200, max: 3000 }), 80),
  ...drawn('slow', fc.constantFrom(1_001_000, 3_001_000), 30),
  ...drawn('rare', fc.constant(9_000_000), 3),
];
const BASE_MS = Date.now();

const bucketOf = (us: number) => Math.ceil(Math.log2(us / 1e6) * 8) - 1;
/** The middle of the bucket that contains the quantile. */
function quantile(times: readonly number[], level: number): number {
  const sorted = times.map(bucketOf).toSorted((a, b) => a - b);
  return 2 ** (((sorted[Math.max(0, Math.ceil(level * sorted.length) - 1)] ?? 0) + 0.5) / 8) * 1e6;
}

const opened = ({ comm, connect_us, ago_s }: Opened, at: number): RowValues => ({
  connection_id: BigInt(100 + at),
  time_ns: BigInt(BASE_MS - ago_s * 1000) * 1_000_000n,
  comm,
  pid: 7,
  role: ROLE.indexOf('client'),
  state: STATE.indexOf('established'),
  event: EVENT.indexOf('open'),
  local_addr: '10.1.0.1',
  local_port: 40_000 + at,
  peer_addr: comm === 'slow' ? '10.9.0.1' : '10.2.0.1',
  peer_port: 443,
  connect_us,
});

describe('Latency', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    await agent.report(0);
    await agent.rows('connection', handshakes.map(opened));
    const { event: _event, connect_us: _connect, ...ends } = opened(handshakes[0] as Opened, 0);
    const sampled = (role: (typeof ROLE)[number], turn_max_us: number, at: number): RowValues => ({
      ...ends,
      connection_id: BigInt(900 + at),
      role: ROLE.indexOf(role),
      interval_us: 10_000_000,
      srtt_us: 500,
      turn_max_us,
    });
    await agent.rows(
      'sample',
      Array.from({ length: 25 }, (_, at) => [sampled('server', 800_000, at), sampled('client', 2000, 100 + at)]).flat(),
    );
    await collector.stored();
    browser = await openBrowser({ width: 1280, height: 900 });
    page = await browser.open(`${collector.url}/?page=latency&of=handshake`);
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });
  const search = () => new URL(page.url()).searchParams;
  const plain = (text: string | null) => (text ?? '').replace(/[\s\u202f]+/g, ' ').trim();
  const answer = async () => plain(await page.locator('[data-answer]').textContent());
  const visit = (query: string) => page.goto(`${collector.url}/${query}`);
  const cells = (table: string) =>
    page
      .locator(`[data-table="${table}"] tbody tr`)
      .evaluateAll((rows) =>
        rows.map((row) => [...row.children].map((cell) => (cell.textContent ?? '').replace(/[\s\u202f]+/g, ' ').trim())),
      );
  const US: Record<string, number> = { µs: 1, ms: 1e3, s: 1e6 };
  const usOf = (text = '') => Number(text.split(' ')[0]) * (US[text.split(' ')[1] ?? ''] ?? Number.NaN);

  test('says how handshakes were spread, and what SYNs that were sent again have to do with it', async () => {
    const slow = handshakes.filter(({ connect_us }) => connect_us > 1e6).length;
    await eventually(answer).toMatch(
      new RegExp(`^Handshake: half of ${handshakes.length} handshakes within .*${slow} \\(.*took 1 s or more.*3 s or more`),
    );
    expect(await page.title()).toBe('Latency · tcplens');
  });

  test('each bucket of the table has the handshakes of the rows', async () => {
    await page.locator('summary').click();
    const wanted = Map.groupBy(handshakes, ({ connect_us }) => bucketOf(connect_us));
    await eventually(async () => (await cells('buckets')).map(([, count]) => Number(count))).toEqual(
      [...wanted].toSorted(([a], [b]) => a - b).map(([, all]) => all.length),
    );
  });

  test('who is slow to whom: by the 99th percentile, those of few handshakes last', async () => {
    await eventually(async () => (await cells('slow')).map(([comm]) => comm)).toEqual(['slow', 'quick', 'rare']);
    const rows = await cells('slow');
    for (const [comm, network, , p99, p50, count] of rows) {
      const times = handshakes.filter((one) => one.comm === comm).map(({ connect_us }) => connect_us);
      expect([comm, network, Number(count)]).toEqual([comm, comm === 'slow' ? '10.9.0.0/24' : '10.2.0.0/24', times.length]);
      // Rounded as on the page, to two digits.
      expect(usOf(p99) / quantile(times, 0.99)).toBeCloseTo(1, 1);
      expect(usOf(p50) / quantile(times, 0.5)).toBeCloseTo(1, 1);
    }
    expect(await page.locator('[data-table="slow"] tbody tr.muted').allTextContents()).toEqual([expect.stringContaining('rare')]);
  });

  const told = async () => plain(await page.locator('[data-cell]').textContent());

  test('a cell, reached by keys or by the pointer, leads to the connections of its time and bucket', async () => {
    // With a range that moves with the clock, the chosen cell would move while keys are pressed.
    await visit(`?page=latency&of=handshake&from=${BASE_MS - 900_000}&to=${BASE_MS}`);
    await page.getByRole('application').focus();
    await page.keyboard.press('ArrowRight');
    await eventually(told).toMatch(/, handshakes of .* to .*: \d+/);
    for (let ups = 0; ups < 40; ups++) await page.keyboard.press('ArrowUp');
    const [, low = '', count = ''] = /handshakes of (.+?) to .+?: (\d+)/.exec(await told()) ?? [];
    await page.keyboard.press('Enter');
    await eventually(() => search().get('page')).toBe('connections');
    expect(search().get('by')).toBe('connect_us');
    expect(search().get('filter')).toMatch(/^not role = server and handshake > \d+us and handshake <= \d+us$/);
    expect(Number(search().get('to')) - Number(search().get('from'))).toBe(5000);
    await eventually(() => page.locator('[data-table="connections"] tbody tr').count()).toBe(Number(count));
    expect(usOf(low)).toBeGreaterThan(900_000);
    await page.goBack();
    await eventually(() => search().get('page')).toBe('latency');
    await page.getByRole('link', { name: 'Latency', exact: true }).waitFor();
  });

  const STILL = `?page=latency&of=handshake&from=${BASE_MS - 900_000}&to=${BASE_MS}`;
  const bar = () => page.getByRole('toolbar');
  /** Drags over the plot from one time to another, from its top to its bottom. */
  async function drag(from_ms: number, to_ms: number): Promise<void> {
    const plot = page.getByRole('application');
    const { x, y, width, height } = (await plot.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    const at = (ms: number) => x + PLOT_LEFT + ((ms - (BASE_MS - 900_000)) / 900_000) * (width - PLOT_LEFT - PLOT_RIGHT);
    await page.mouse.move(at(from_ms), y + PLOT_TOP + 1);
    await page.mouse.down();
    await page.mouse.move(at(to_ms), y + height - PLOT_BOTTOM - 1, { steps: 4 });
    await page.mouse.up();
    await bar().waitFor();
  }
  const spanInLink = () => [Number(search().get('from')), Number(search().get('to'))] as const;

  test('dragged over, it offers to zoom, to say what differs, and the connections', async () => {
    const [from_ms, to_ms] = [BASE_MS - 140_000, BASE_MS - 100_000];
    const inside = handshakes.filter(({ ago_s }) => ago_s === 120).length;
    await visit(STILL);
    await eventually(answer).toMatch(/^Handshake: half of/);
    await drag(from_ms, to_ms);
    expect(await told()).toMatch(new RegExp(`, handshakes of .* to .*: ${inside}$`));
    await page.keyboard.press('Enter');
    await eventually(() => spanInLink()[1] - spanInLink()[0]).toBeLessThan(60_000);
    const zoomed = spanInLink();
    // Whole steps, of five seconds each.
    expect([Math.abs(zoomed[0] - from_ms), Math.abs(zoomed[1] - to_ms)].every((off) => off <= 5000)).toBe(true);
    await eventually(answer).toMatch(new RegExp(`^Handshake: half of ${inside} handshakes within`));

    await visit(STILL);
    await eventually(answer).toMatch(/^Handshake: half of/);
    await drag(to_ms, from_ms);
    await page.keyboard.press('d');
    await eventually(() => search().get('differs')).toBe(`handshake_p99,${zoomed.join()}`);
    await page.getByRole('dialog', { name: 'What differs?' }).waitFor();

    await visit(STILL);
    await eventually(answer).toMatch(/^Handshake: half of/);
    await drag(from_ms, to_ms);
    await bar()
      .getByRole('button', { name: /^Connections/ })
      .click();
    await eventually(() => search().get('page')).toBe('connections');
    expect(spanInLink()).toEqual(zoomed);
    // Not all of them are drawn; the heading row counts, too.
    await eventually(() => page.locator('[data-table="connections"]').getAttribute('aria-rowcount')).toBe(String(inside + 1));
  });

  test('with Shift and the arrow keys a box is marked, and Esc drops it', async () => {
    await visit(STILL);
    await eventually(answer).toMatch(/^Handshake: half of/);
    await page.getByRole('application').focus();
    await page.keyboard.press('ArrowLeft');
    const alone = await told();
    for (let times = 0; times < 130; times++) for (const key of ['ArrowUp', 'ArrowDown']) await page.keyboard.press(`Shift+${key}`);
    const [{ ago_s: last_s } = { ago_s: 0 }] = handshakes.toSorted((a, b) => a.ago_s - b.ago_s);
    expect(await told()).toMatch(new RegExp(`: ${handshakes.filter(({ ago_s }) => ago_s === last_s).length}$`));
    await page.keyboard.press('Enter');
    await bar().waitFor();
    await page.keyboard.press('Escape');
    await bar().waitFor({ state: 'detached' });
    expect(await told()).toBe(alone);
  });

  test.each([
    ['server_turn', /^Server’s turn: half of 25 intervals within [78]\d\d ms/],
    ['response', /^Response time: half of 25 intervals within (1\.9|2) ms/],
    ['rtt', /^Round trip: half of 50 round-trip times within/],
    ['accept_wait', /^No accept wait was measured\.$/],
  ])('%s is chosen, and is in the link', async (of, words) => {
    await visit('?page=latency');
    await page.getByLabel('how long took').selectOption(of);
    await eventually(answer).toMatch(words);
    if (of !== 'rtt') expect(search().get('of')).toBe(of);
    await page.reload();
    await eventually(answer).toMatch(words);
  });

  test('g y leads here', async () => {
    await visit('');
    await page.locator('h1', { hasText: 'Now' }).waitFor({ state: 'attached' });
    await page.keyboard.press('g');
    await page.keyboard.press('y');
    await eventually(() => search().get('page')).toBe('latency');
  });

  describe.each(['dark', 'light'] as const)('axe finds nothing in %s', (colorScheme) => {
    test.each([375, 1280, 2560])('%i px', async (width) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await visit('?page=latency&of=handshake&between=networks');
      await page.locator('[data-table="slow"] tbody tr').first().waitFor();
      await page.getByRole('application').focus();
      await page.keyboard.press('ArrowLeft');
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    });
  });
});
