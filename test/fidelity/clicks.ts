// The situations of scenarios A, B and D, made for real and stored, each side as a host; and in a browser the clicks that lead a person from
// the first page to the cause. What is printed is the table of situation, clicks and sentence.
import process from 'node:process';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testOf } from '../../agent/contract/language/write.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { type Observed, observe } from '../fidelity/observe.ts';
import { SIDES } from '../fidelity/scenario.ts';
import { axeViolations, buildDashboards, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { CLICKS_MAX, type Click, situations } from './situations.ts';

const WHY_NOT = process.getuid?.() === 0 ? NO_BROWSER : 'needs root: network namespaces and BPF';
const FIRST_HOST = 0x1000n;

const collector = new CollectorProcess();
let browser: OpenBrowser;
let page: Page;
let observed: Observed;
const told: string[] = [];

const hostOf = (id: string, side: string) => `${id.toLowerCase()}-${side}`;

describe('from a situation to its cause', () => {
  beforeEach(({ skip }) => skip(WHY_NOT !== '', WHY_NOT));
  beforeAll(async () => {
    if (WHY_NOT) return;
    const scenarios = situations.map(({ scenario }) => scenario);
    observed = await observe(scenarios);
    await buildDashboards();
    await collector.start();
    for (const [at, { id }] of scenarios.entries()) {
      const seen = observed.seen.get(id);
      if (seen === undefined || seen instanceof Error) continue;
      for (const [index, side] of SIDES.entries()) {
        const agent = new TestAgent(collector, FIRST_HOST + BigInt(2 * at + index), hostOf(id, side));
        await agent.report(0);
        for (const kind of KIND) await agent.recorded(kind, rowsOfNetns(kind, seen[side].cookie));
      }
    }
    await collector.stored();
    browser = await openBrowser();
    page = await browser.open(`${collector.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
    observed?.close();
    console.info(told.join('\n'));
  });

  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 200 });
  const rowsOfNetns = (kind: (typeof KIND)[number], cookie: bigint) =>
    observed.collected.raw[kind].filter((_, at) => observed.collected.rows[kind][at]?.netns === cookie);
  // biome-ignore lint/performance/useDomNodeTextContent: the text of a page runs the cells of a row together
  const shown = async () => (await page.locator('body').innerText()).replace(/[\s\u202f]+/g, ' ');

  async function click(what: Click): Promise<void> {
    if ('page' in what) await page.getByRole('navigation').getByRole('link', { name: what.page, exact: true }).click();
    else if ('chip' in what) await page.locator(`[data-chip="${what.chip}"]`).click();
    else await page.locator(`[data-table="${what.row}"] tbody tr`).first().click();
  }

  test.for(situations)('$scenario.id $scenario.name', async ({ scenario: { id, happened }, side, clicks, says, never }) => {
    const seen = observed.seen.get(id);
    if (seen === undefined || seen instanceof Error) throw seen ?? new Error('it was not run');
    happened(seen);
    expect(clicks.length).toBeLessThanOrEqual(CLICKS_MAX);
    await page.goto(`${collector.url}/?${new URLSearchParams({ filter: testOf('host', '=', hostOf(id, side)) })}`);
    for (const each of clicks) await click(each);
    await eventually(async () => says.exec(await shown())?.[0] ?? '').toMatch(says);
    const text = await shown();
    for (const word of never) expect(text).not.toMatch(word);
    expect(await axeViolations(page)).toEqual([]);
    told.push([id, clicks.length, says.exec(text)?.[0]].join(' | '));
  });
});
