// A real spike is brushed, and two clicks show what differs in it. Then each state of the panel, with rows made by hand.
import process from 'node:process';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { END_REASON, EVENT, ROLE } from '../../bpf/rows/rows.gen.ts';
import type { Explored } from '../../server/api.ts';
import { compilePrograms, Endpoint } from '../fidelity/programs.ts';
import { type TestDirectory, testDirectory } from '../server/support/collector.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { makePair, type Pair } from '../support/netns.ts';
import type { RowValues } from '../support/row-bytes.ts';
import { waitFor } from '../support/wait.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { openedEdge } from './story-rows.ts';
import { startUp, type Up } from './up-process.ts';

const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });
const plain = (text: string | null) => (text ?? '').replace(/\s+/g, ' ').trim();
const searchOf = (page: Page) => new URL(page.url()).searchParams;

/** Drags over a time in the first chart, whose axis is the range of the link. */
async function brush(page: Page, from_ms: number, to_ms: number): Promise<void> {
  const plot = page.locator('figure .u-over').first();
  await plot.waitFor();
  const { width } = (await plot.boundingBox()) ?? { width: 0 };
  const [first, last] = ['from', 'to'].map((name) => Number(searchOf(page).get(name))) as [number, number];
  const x = (ms: number) => Math.round(((ms - first) / (last - first)) * width);
  await plot.hover({ position: { x: x(from_ms), y: 40 } });
  await page.mouse.down();
  await plot.hover({ position: { x: x(to_ms), y: 40 } });
  await page.mouse.up();
  await page.getByRole('toolbar', { name: 'the chosen time' }).waitFor();
}
const findings = (page: Page) => page.locator('[data-differences] > li');

const WHY_NOT = process.getuid?.() === 0 ? NO_BROWSER : 'needs root: network namespaces and BPF';
const USUAL = 60;
const MORE = 120;
describe('a spike of connects that fail', () => {
  let directory: TestDirectory;
  let pair: Pair;
  let up: Up;
  let browser: OpenBrowser;
  const endpoints: Endpoint[] = [];
  const spike = { from_ms: 0, to_ms: 0 };

  beforeEach(({ skip }) => skip(WHY_NOT !== '', WHY_NOT));
  beforeAll(async () => {
    if (WHY_NOT) return;
    directory = await testDirectory();
    const program = compilePrograms(directory.path).endpoint;
    up = await startUp(directory.path);
    pair = makePair();
    const start = (name: string, script: string): Endpoint => {
      const made = new Endpoint(name, pair.client.start(program, pair.server.address.ipv4, ...script.split(' ')));
      endpoints.push(made);
      return made;
    };
    const usual = [1, 2].map((at) => start(`usual-${at}`, `rename:2${at} times:${USUAL} connect:740${at} close sleep:300 done wait`));
    const culprit = start('culprit', `rename:23 times:2 connect:7403 close sleep:300 done wait times:${MORE} connect:7403 close done wait`);
    await Promise.all(usual.map((one) => one.until('connect', Math.ceil(USUAL * 0.75))));
    spike.from_ms = Date.now();
    culprit.goOn();
    await culprit.until('connect', 2 + MORE);
    spike.to_ms = Date.now() + 1000;
    await Promise.all(usual.map((one) => one.until('connect', USUAL)));
    await waitFor(
      'the spike in the tables',
      () => failedIn(spike.from_ms, spike.to_ms),
      (count) => count >= MORE,
      200,
    );
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    for (const endpoint of endpoints) await endpoint.end().catch(() => undefined);
    pair?.close();
    await up?.stop();
    await directory?.remove();
  });

  async function failedIn(from: number, to: number): Promise<number> {
    const asked = new URLSearchParams({ metrics: 'failed_connects', filter: 'process = renamed-23', from: String(from), to: String(to) });
    const { rows } = (await (await fetch(`${up.url}/api/v1/explore?${asked}`)).json()) as Explored;
    return Number(rows[0]?.[0] ?? 0);
  }

  test('is brushed; the process is named first, and one more click leaves only it', async () => {
    const own = 'process in (renamed-21, renamed-22, renamed-23)';
    const link = new URLSearchParams({ page: 'explore', metric: 'failed_connects', filter: own });
    const [from, to] = [spike.from_ms - 15_000, spike.to_ms + 2000];
    const page = await browser.open(`${up.url}/?${link}&from=${from}&to=${to}`);
    await brush(page, spike.from_ms - 500, spike.to_ms);
    await page.getByRole('button', { name: 'What differs?' }).click();
    await eventually(async () => plain(await findings(page).first().textContent())).toMatch(
      /^process renamed-23: .* of the rise( \(\d+ %\))?, (none|<?\d+ %) of it before\./,
    );
    expect(plain(await page.getByRole('dialog').textContent())).toMatch(/failed_connects rose from [\d.]+ a second to [\d.]+ a second\./);
    expect(await axeViolations(page)).toEqual([]);
    await findings(page).first().getByRole('link', { name: 'only this' }).click();
    await eventually(() => searchOf(page).get('filter')).toMatch(/process = renamed-23$/);
    expect(searchOf(page).get('differs')).toMatch(/^failed_connects,\d+,\d+$/);
    expect(browser.complaints).toEqual([]);
  });
});

describe('the panel', () => {
  const collector = new CollectorProcess();
  const agent = new TestAgent(collector, 7n, 'web-1');
  const NOW_MS = Math.floor(Date.now() / 1000) * 1000;
  /** Times of two spikes of 20 s, each after 80 s of normal traffic: in one all processes change alike, in the other a single one. */
  const spikes = { alike: NOW_MS - 600_000, one: NOW_MS - 300_000 };
  const COUNTS = { alike: { importer: [20, 20], backup: [40, 40] }, one: { importer: [20, 40], backup: [40, 10] } } as const;
  let browser: OpenBrowser;
  let page: Page;

  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    await agent.report(0);
    const rows = Object.entries(COUNTS).flatMap(([story, processes]) =>
      Object.entries(processes).flatMap(([comm, [before, now]]) => {
        const at_ms = spikes[story as keyof typeof spikes];
        return [...failures(comm, before, at_ms - 80_000, 80_000), ...failures(comm, now, at_ms, 20_000)];
      }),
    );
    await agent.rows('connection', rows);
    browser = await openBrowser({ width: 1280, height: 900 });
    await collector.stored();
  });
  beforeEach(async ({ skip }) => {
    skip(NO_BROWSER !== '', NO_BROWSER);
    page = await browser.open(linkTo('one'));
  });
  afterEach(async () => {
    await page?.close();
    expect(browser?.complaints.splice(0) ?? []).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });

  const failures = (comm: string, count: number, from_ms: number, long_ms: number): RowValues[] =>
    Array.from({ length: count }, (_, at) => ({
      ...openedEdge(Math.floor(from_ms + (at * long_ms) / count), comm),
      pid: 77,
      connection_id: BigInt(from_ms % 1_000_000_000) + BigInt(at),
      role: ROLE.indexOf('client'),
      event: EVENT.indexOf('failed'),
      end_reason: END_REASON.indexOf('refused'),
    }));
  const linkTo = (story: keyof typeof spikes) =>
    `${collector.url}/?page=explore&metric=failed_connects&from=${spikes[story] - 100_000}&to=${spikes[story] + 30_000}`;
  const panel = () => page.getByRole('dialog', { name: 'What differs?' });
  const brushOne = () => brush(page, spikes.one, spikes.one + 20_000);

  test('d asks, Esc and Back close it, and the link opens it again', async () => {
    await brushOne();
    await page.keyboard.press('d');
    await eventually(async () => plain(await findings(page).first().textContent())).toMatch(
      /^process importer: .* of the rise( \(\d+ %\))?, 3[234] % of it before\./,
    );
    const link = page.url();
    await page.keyboard.press('Escape');
    await eventually(() => panel().count()).toBe(0);
    await page.goto(link);
    await eventually(() => findings(page).count()).toBeGreaterThan(0);
    expect(await axeViolations(page)).toEqual([]);
  });

  test('Enter zooms, Esc leaves all as it is', async () => {
    const before = page.url();
    await brushOne();
    await page.keyboard.press('Escape');
    await eventually(() => page.getByRole('toolbar').count()).toBe(0);
    expect(page.url()).toBe(before);
    await brushOne();
    await page.keyboard.press('Enter');
    await eventually(() => Number(searchOf(page).get('to')) - Number(searchOf(page).get('from'))).toBeLessThan(25_000);
    expect(searchOf(page).get('differs')).toBeNull();
  });

  test('a value is left out of the filter, and Back brings it back', async () => {
    await brushOne();
    await page.keyboard.press('d');
    await findings(page).first().getByRole('link', { name: 'without it' }).click();
    await eventually(() => searchOf(page).get('filter')).toBe('process != importer');
    await page.goBack();
    await eventually(() => searchOf(page).get('filter')).toBeNull();
    await eventually(async () => plain(await findings(page).first().textContent())).toMatch(/^process importer: /);
  });

  test('nothing differs, hardly a change, too few, and a refusal, each in words', async () => {
    const ask = async (text: string) => {
      await page.goto(`${collector.url}/?differs=${text}`);
      return async () => plain(await panel().textContent());
    };
    await eventually(await ask(`failed_connects,${spikes.alike},${spikes.alike + 20_000}`)).toMatch(
      /Nothing differs: it grew everywhere alike\./,
    );
    await eventually(await ask(`failed_connects,${spikes.alike - 16_000},${spikes.alike}`)).toMatch(
      /hardly changed: 0\.75 a second now, 0\.75 a second before\./,
    );
    await eventually(await ask(`failed_connects,${spikes.one},${spikes.one + 1000}`)).toMatch(/of 3 connections now and 3 before: too few/);
    await eventually(await ask(`turn_max,${spikes.one},${spikes.one + 20_000}`)).toMatch(/cannot be asked of turn_max/);
    browser.complaints.splice(0);
  });

  test('another metric and another time before are in the link', async () => {
    await brushOne();
    await page.keyboard.press('d');
    await panel().getByLabel('beside').selectOption('hour');
    await eventually(async () => plain(await panel().textContent())).toMatch(/nothing was measured in the time before/);
    await panel().getByLabel('metric').selectOption('failed_ratio');
    await eventually(() => searchOf(page).get('differs')).toMatch(/^failed_ratio,\d+,\d+,hour$/);
  });
});
