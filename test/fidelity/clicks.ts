// Stores the rows of situations that were made for real, with each side as a host, and makes in a browser the clicks that lead a person
// from the first page to the cause. Prints the table of situation, clicks and sentence.
import process from 'node:process';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testOf } from '../../agent/contract/language/write.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { CollectorProcess, TestAgent } from '../browser/collector-process.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import type { Observed } from './observe.ts';
import { type Scenario, SIDES } from './scenario.ts';
import { CLICKS_MAX, type Click, situations } from './situations.ts';

const WHY_NOT = process.getuid?.() === 0 ? NO_BROWSER : 'needs root: network namespaces and BPF';
const FIRST_HOST = 0x1000n;
/** The page’s own range, less what the clicks may take. A slow machine may take longer than that for all situations. */
const USUAL_RANGE_MS = 13 * 60_000;

const hostOf = (id: string, side: string) => `${id.toLowerCase()}-${side}`;

/** The tests of those among `scenarios` that have clicks. @param observed - is asked when they run */
export function checkClicks(scenarios: readonly Scenario[], observed: () => Observed): void {
  const own = situations.filter(({ scenario }) => scenarios.includes(scenario));
  const made = own.map(({ scenario }) => scenario);
  const collector = new CollectorProcess();
  let browser: OpenBrowser;
  let page: Page;
  const told: string[] = [];

  if (own.length === 0) return;
  describe('from a situation to its cause', () => {
    beforeEach(({ skip }) => skip(WHY_NOT !== '', WHY_NOT));
    beforeAll(async () => {
      if (WHY_NOT) return;
      const { seen: all, collected } = observed();
      await collector.start();
      for (const [at, { id }] of made.entries()) {
        const seen = all.get(id);
        if (seen === undefined || seen instanceof Error) continue;
        for (const [index, side] of SIDES.entries()) {
          const agent = new TestAgent(collector, FIRST_HOST + BigInt(2 * at + index), hostOf(id, side));
          await agent.report(0);
          for (const kind of KIND) {
            const rows = collected.raw[kind].filter((_, row) => collected.rows[kind][row]?.netns === seen[side].cookie);
            await agent.recorded(kind, rows);
          }
        }
      }
      await collector.stored();
      browser = await openBrowser();
      page = await browser.open(`${collector.url}/`);
    });
    afterAll(async () => {
      await browser?.close();
      await collector.remove();
      console.info(told.join('\n'));
    });

    const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 200 });
    // biome-ignore lint/performance/useDomNodeTextContent: the text of a page runs the cells of a row together
    const shown = async () => (await page.locator('body').innerText()).replace(/[\s\u202f]+/g, ' ');

    async function click(what: Click): Promise<void> {
      if ('page' in what) await page.getByRole('navigation').getByRole('link', { name: what.page, exact: true }).click();
      else if ('chip' in what) await page.locator(`[data-chip="${what.chip}"]`).click();
      else await page.locator(`[data-table="${what.row}"] tbody tr`).first().click();
    }

    test.for(own)('$scenario.id $scenario.name', async ({ scenario: { id, happened }, side, clicks, says, never }) => {
      const seen = observed().seen.get(id);
      if (seen === undefined || seen instanceof Error) throw seen ?? new Error('it was not run');
      happened(seen);
      expect(clicks.length).toBeLessThanOrEqual(CLICKS_MAX);
      const { began_ms } = observed();
      const range = Date.now() - began_ms < USUAL_RANGE_MS ? {} : { range: '1h' };
      await page.goto(`${collector.url}/?${new URLSearchParams({ ...range, filter: testOf('host', '=', hostOf(id, side)) })}`);
      for (const each of clicks) await click(each);
      await eventually(async () => says.exec(await shown())?.[0] ?? '').toMatch(says);
      const text = await shown();
      for (const word of never) expect(text).not.toMatch(word);
      expect(await axeViolations(page)).toEqual([]);
      told.push([id, clicks.length, says.exec(text)?.[0]].join(' | '));
    });
  });
}
