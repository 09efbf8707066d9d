// The page of retransmissions on a real collector: its figures are those of the rows, each leads to what is behind it, and all of it is a
// link.
import fc from 'fast-check';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLASS, OUTCOME, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import type { RowValues } from '../support/row-bytes.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { refuse } from './refused.ts';

const collector = new CollectorProcess();
const HOSTS = [
  { agent: new TestAgent(collector, 11n, 'web-1'), address: '10.1.0.1' },
  { agent: new TestAgent(collector, 12n, 'db-1'), address: '10.2.0.1' },
] as const;
const OUTSIDE = '198.51.100.7';
const COMMS = ['nginx', 'curl'];
let browser: OpenBrowser;
let page: Page;

type Sample = { host: 0 | 1; peer: string; comm: string; sent: number; resent: number; spurious: number; ago_s: number };
type Again = { host: 0 | 1; peer: string; comm: string; kind: (typeof CLASS)[number]; outcome: (typeof OUTCOME)[number]; segments: number };
const peerOf = (host: 0 | 1) => fc.constantFrom(HOSTS[1 - host]?.address ?? '', OUTSIDE);
const ends = fc
  .constantFrom<0 | 1>(0, 1)
  .chain((host) => fc.record({ host: fc.constant(host), peer: peerOf(host), comm: fc.constantFrom(...COMMS) }));
const one = <More>(more: fc.Arbitrary<More>) => fc.tuple(ends, more).map(([own, other]) => ({ ...own, ...other }));
/** More in the range than before it, so that there are changes. */
const samples: Sample[] = fc.sample(
  one(
    fc.record({
      sent: fc.integer({ min: 50, max: 900 }),
      resent: fc.integer({ min: 5, max: 40 }),
      spurious: fc.integer({ min: 0, max: 4 }),
      ago_s: fc.constantFrom(60, 120, 180, 1200),
    }),
  ),
  40,
);
const again: Again[] = fc.sample(
  one(fc.record({ kind: fc.constantFrom(...CLASS), outcome: fc.constantFrom(...OUTCOME), segments: fc.integer({ min: 1, max: 9 }) })),
  40,
);

const isNow = ({ ago_s }: Sample) => ago_s < 900;
const total = <Row>(rows: readonly Row[], of: (row: Row) => number) => rows.reduce((sum, row) => sum + of(row), 0);
const lostOf = (rows: readonly Sample[]) => total(rows, ({ resent, spurious }) => resent - spurious);
const sentOf = (rows: readonly Sample[]) => total(rows, ({ sent }) => sent);

function head(at: number, { host, peer, comm }: Pick<Sample, 'host' | 'peer' | 'comm'>, ago_s: number): RowValues {
  return {
    connection_id: BigInt(100 + at),
    time_ns: BigInt(Date.now() - ago_s * 1000) * 1_000_000n,
    comm,
    pid: 7,
    role: ROLE.indexOf('client'),
    state: STATE.indexOf('established'),
    local_addr: HOSTS[host].address,
    local_port: 40_000 + at,
    peer_addr: peer,
    peer_port: 443,
  };
}

describe('Retransmits', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    for (const [host, { agent }] of HOSTS.entries()) {
      await agent.report(0);
      const sampled = samples.map((sample, at) => ({ sample, at })).filter(({ sample }) => sample.host === host);
      await agent.rows(
        'sample',
        sampled.map(({ sample, at }) => ({
          ...head(at, sample, sample.ago_s),
          data_segs_out: sample.sent,
          retrans: sample.resent,
          retrans_data: sample.resent,
          retrans_spurious: sample.spurious,
          interval_us: 10_000_000,
        })),
      );
      const resent = again.map((row, at) => ({ row, at })).filter(({ row }) => row.host === host);
      await agent.rows(
        'retransmit',
        resent.map(({ row, at }) => ({
          ...head(at, row, 90),
          class: CLASS.indexOf(row.kind),
          outcome: OUTCOME.indexOf(row.outcome),
          segments: row.segments,
          bytes: 1448 * row.segments,
        })),
      );
    }
    await collector.stored();
    browser = await openBrowser({ width: 1280, height: 900 });
    page = await browser.open(`${collector.url}/?page=retransmits`);
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });
  const search = () => new URL(page.url()).searchParams;
  const plain = (text: string | null) => (text ?? '').replace(/[\s\u202f]+/g, ' ').trim();
  const numberOf = (text: string | null) => Number((text ?? '').replace(/[\s\u202f]/g, ''));
  const figure = async (name: string) => numberOf(await page.locator(`[data-figure="${name}"]`).textContent());
  const visit = (query: string) => page.goto(`${collector.url}/${query}`);

  test('every figure is that of the rows, attempts apart from segments, and the own hosts’ apart', async () => {
    const left = again.filter(({ outcome }) => outcome !== 'refused');
    const segments = (rows: readonly Again[]) => total(rows, (row) => row.segments);
    const now = samples.filter(isNow);
    const wanted = {
      lost: lostOf(now),
      'data segments': sentOf(now),
      'sent again': segments(left),
      'in attempts': again.length,
      'not needed': total(now, ({ spurious }) => spurious),
      'not past this host': segments(again.filter(({ outcome }) => outcome === 'failed')),
      'never left TCP': segments(again.filter(({ outcome }) => outcome === 'refused')),
      'dropped here': 0,
    };
    await eventually(async () =>
      Object.fromEntries(await Promise.all(Object.keys(wanted).map(async (name) => [name, await figure(name)]))),
    ).toEqual(wanted);
    expect(plain(await page.locator('[data-answer] p').first().textContent())).toMatch(/^◆ bad: Loss: /);
    expect(await page.title()).toBe('Retransmits · tcplens');
  });

  const cells = () =>
    page
      .locator('[data-table="pairs"] tbody tr')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => (cell.textContent ?? '').replace(/[\s\u202f]+/g, ' '))));
  const columns = async () => (await page.locator('[data-table="pairs"] thead th').allTextContents()).slice(1);

  test.each([
    ['hosts', ['web-1', 'db-1'], (peer: string) => (peer === OUTSIDE ? '198.51.100.0/24' : peer === HOSTS[0].address ? 'web-1' : 'db-1')],
    ['networks', ['10.1.0.0/24', '10.2.0.0/24'], (peer: string) => peer.replace(/\d+$/, '0/24')],
  ] as const)('the matrix of %s has each pair’s share', async (pairs, own, nameOf) => {
    await visit(`?page=retransmits&pairs=${pairs}`);
    await eventually(() => cells().then((rows) => rows.length)).toBe(2);
    const [names, rows] = [await columns(), await cells()];
    const groups = Map.groupBy(samples.filter(isNow), ({ host, peer }) => `${own[host]} ${nameOf(peer)}`);
    const found = rows.flatMap(([name, ...row]) =>
      row.flatMap((text, at) =>
        text === '' ? [] : [[`${name} ${names[at]}`, /(\S+) lost of (.+?) data/.exec(text)?.slice(1).map(numberOf)]],
      ),
    );
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries([...groups].map(([key, all]) => [key, [lostOf(all), sentOf(all)]])));
  });

  test('arrow keys go over the pairs, Enter opens the connections of one', async () => {
    await visit('?page=retransmits');
    await page.locator('[data-table="pairs"] [data-row-link]').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await eventually(() => search().get('page')).toBe('connections');
    expect(search().get('by')).toBe('retransmit_ratio');
    const [, host = '', peers = ''] = /^host = (\d+) and peer (?:=|in) \(?(.*?)\)?$/.exec(search().get('filter') ?? '') ?? [];
    const isOf = ({ host: own, peer }: Sample) =>
      String(HOSTS[own].agent.host_id) === host && (peers.includes('/') ? peer === OUTSIDE : peers.split(', ').includes(peer));
    // Each sample belongs to another connection.
    await eventually(() => page.locator('[data-table="connections"] tbody tr').count()).toBe(
      samples.filter((sample) => isNow(sample) && isOf(sample)).length,
    );
    await page.goBack();
    await eventually(() => search().get('page')).toBe('retransmits');
  });

  test('what moved against the time before, ranked, each a link to its connections and to when', async () => {
    await visit('?page=retransmits');
    const rows = page.locator('[data-table="moves"] tbody tr');
    await rows.first().waitFor();
    const moved = (await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')))).map(
      ([by, name, change = '']) => ({ by, name, change: numberOf(change.replace('−', '-').replace('+', '')) }),
    );
    expect(moved.map(({ change }) => Math.abs(change))).toEqual(moved.map(({ change }) => Math.abs(change)).toSorted((a, b) => b - a));
    const of = (comm: string, isOf: (sample: Sample) => boolean) =>
      lostOf(samples.filter((sample) => sample.comm === comm && isOf(sample)));
    // The range before has the same length as the last 15 minutes, so all older samples are in it.
    for (const comm of COMMS) {
      const change = of(comm, isNow) - of(comm, (sample) => !isNow(sample));
      if (change !== 0) expect(moved).toContainEqual({ by: 'process', name: comm, change });
    }
    await rows.filter({ hasText: 'curl' }).getByRole('link', { name: 'over time' }).click();
    await eventually(() => search().get('metric')).toBe('lost_segments');
    await page.goBack();
    await page.getByLabel('against').selectOption('day');
    await eventually(() => search().get('against')).toBe('day');
    await page.reload();
    await eventually(() => page.getByLabel('against').inputValue()).toBe('day');
  });

  test('nothing sent says so; g r leads here', async () => {
    await visit('?page=retransmits&filter=process+%3D+nobody');
    await eventually(async () => plain(await page.locator('[data-answer]').textContent())).toBe('Nothing was sent.');
    await visit('');
    await page.locator('h1', { hasText: 'Now' }).waitFor({ state: 'attached' });
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await eventually(() => search().get('page')).toBe('retransmits');
  });

  test('a refusal is said, with a way to ask again', async () => {
    const askAgain = await refuse(page, '**/api/v1/explore*', (route) =>
      route.fulfill({ status: 503, json: { code: 'store_down', message: 'The store is away.' } }),
    );
    await visit('?page=retransmits');
    await page.getByRole('alert').filter({ hasText: 'The store is away.' }).waitFor();
    await askAgain();
    await page.locator('[data-answer]').waitFor();
    await page.unroute('**/api/v1/explore*');
    browser.complaints.length = 0;
  });

  describe.each(['dark', 'light'] as const)('axe finds nothing in %s', (colorScheme) => {
    test.each([375, 1280, 2560])('%i px', async (width) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await visit('?page=retransmits');
      await page.locator('[data-table="moves"] tbody tr').first().waitFor();
      await page.locator('[data-table="pairs"] tbody tr').first().waitFor();
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    });
  });
});
