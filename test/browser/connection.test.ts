// One connection's story, opened from the page, by the keyboard and by its link; and the page by keyboard and for axe.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { STORY_ID, tellStory } from './story-rows.ts';

const HOST_ID = 0xabcdefn;
/** Limit of Tab presses: pages, tiles and links to the manual come before the tables. */
const TABS_MAX = 60;
const STORY = `?connection=${HOST_ID}/${STORY_ID}`;
const collector = new CollectorProcess();
const agent = new TestAgent(collector, HOST_ID, 'web-1');
let browser: OpenBrowser;
let page: Page;

describe('a connection, the keyboard, and axe', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    await collector.start();
    browser = await openBrowser();
    await agent.report(0);
    await tellStory(agent, Date.now());
    await collector.stored();
    page = await browser.open(`${collector.url}/`);
    await liveRows().nth(7).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints ?? []).toEqual([]));

  const liveRows = () => page.locator('[data-table="retransmits"] tbody tr');
  const story = () => page.getByRole('dialog', { name: /nginx/ });
  const focused = () => page.locator(':focus');
  const search = () => new URL(page.url()).search;
  const visit = (query: string) => page.goto(`${collector.url}/${query}`);
  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });

  test('says who, how it ended, and what is not known', async () => {
    await visit(STORY);
    await eventually(() => story().textContent()).toMatch(/10\.1\.0\.1:443 ← 10\.1\.0\.2:50000/);
    const text = ((await story().textContent()) ?? '').replaceAll('\u202f', ' ');
    expect(text).toMatch(/ended\s*◆\s*ended by a reset that came in \(ECONNRESET\)/);
    expect(text).toMatch(/16 segments, of which 2 happened unseen: no row says why; 2 not needed, so no loss/);
    expect(text).toMatch(/response time\s*310 ms on average by this process, 20×/);
    expect(text).toMatch(/unread, unsent, unanswered\s*512 B unread/);
    expect(text).toMatch(/congestion control\s*cubic/);
    expect(text).toMatch(/time in states\s*established 55 s, SYN received 3 ms/);
    expect(text).toMatch(/this process\s*It took 310 ms on average from a request to the answer/);
    expect(text).toMatch(/not known\s*The reset came 31 s after the peer was last heard/);
    expect(text).toMatch(/this host\s*2 packets of it were dropped here: by this host’s firewall/);
    expect(text).toMatch(/5 MB sent, 1 kB received/);
    expect(text).toMatch(/handshake\s*3 ms/);
    expect(text).toMatch(/was connected to; inherited from the listening socket/);
  });

  test('command lines are for operators, and the page says how to become one', async () => {
    const command = () => story().locator('.command').textContent();
    expect(await command()).toMatch(
      /^command lines, which can hold passwords, are shown to operators: open the link that "tcplens admin link" prints, or log in as one$/,
    );
    await page.goto(collector.link);
    await eventually(() => page.url()).toBe(`${collector.url}/`);
    await visit(STORY);
    await eventually(command).toBe('–');
  });

  test('draws states, ticks and samples on one time axis', async () => {
    await eventually(() => story().locator('figure canvas').count()).toBe(3);
    expect(await story().locator('svg path.reset').count()).toBe(1);
    expect(await story().locator('svg path.drop').count()).toBe(2);
    expect(await story().locator('svg rect.recovery').count()).toBe(1);
    expect(await story().locator('svg rect.loss').count()).toBe(1);
    expect(await story().locator('[data-table="connection-events"] tbody tr').count()).toBe(6);
    expect(await story().getByRole('heading', { name: 'How it began' }).count()).toBe(1);
    expect(await story().locator('svg rect.established').count()).toBe(1);
    expect(await story().locator('svg line:not(.ground)').count()).toBe(7);
    expect(await story().locator('[data-table="connection-retransmits"] tbody tr').count()).toBe(7);
    expect(
      await story()
        .getByRole('img', { name: /network/ })
        .count(),
    ).toBe(1);
  });

  test('closed from its link it leaves no trace; opened from the page, Back closes it', async () => {
    await page.keyboard.press('Escape');
    await eventually(search).toBe('');
    await eventually(() => story().count()).toBe(0);
    // A cell without links.
    await page.locator(`[data-table="retransmits"] tr[data-connection-id="${STORY_ID}"] td.number`).first().click();
    await story().waitFor();
    await page.goBack();
    await eventually(() => story().count()).toBe(0);
    await page.goForward();
    await story().waitFor();
    await story().getByRole('button', { name: 'Close' }).click();
    await eventually(search).toBe('');
  });

  test('one that nobody stored is told in the collector’s words', async () => {
    await visit('?connection=1/2');
    await eventually(() => page.getByRole('alert').filter({ hasText: 'connection 2' }).textContent()).toMatch(
      /no row of connection 2 of host 1 is stored/,
    );
    // Browsers print each refused request. Only errors thrown by the page must not occur.
    const expected = browser.complaints.splice(0);
    expect(expected.every((complaint) => /404/.test(complaint))).toBe(true);
  });

  test('by keyboard alone', async () => {
    await visit('');
    await liveRows().nth(7).waitFor();
    await page.keyboard.press('/');
    expect(await focused().getAttribute('id')).toBe('filter');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Help' }).waitFor();
    await page.keyboard.press('Escape');
    await tabTo('[data-table="retransmits"] [data-row-link]');
    const first = await focused().textContent();
    await page.keyboard.press('ArrowDown');
    expect(await focused().textContent()).not.toBe(first);
    await page.keyboard.press('Enter');
    await story().waitFor();
    await page.keyboard.press('Escape');
    await eventually(() => story().count()).toBe(0);
    expect(await focused().getAttribute('data-row-link')).toBe('');
    await page.keyboard.press('p');
    await eventually(() => page.locator('[data-live-state]').getAttribute('data-live-state')).toBe('paused');
    await page.keyboard.press('p');
  });

  async function tabTo(selector: string): Promise<void> {
    for (let tabs = 0; tabs < TABS_MAX; tabs++) {
      if ((await page.locator(`${selector}:focus`).count()) > 0) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`no ${selector} within ${TABS_MAX} tabs`);
  }

  test('the theme is the viewer’s, and stays', async () => {
    const background = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    await page.keyboard.press('t');
    expect(await background()).toBe('rgb(20, 23, 28)');
    await page.reload();
    await page.locator('.tiles').waitFor();
    expect(await background()).toBe('rgb(20, 23, 28)');
    await page.keyboard.press('t');
    expect(await background()).toBe('rgb(255, 255, 255)');
  });

  const views = [
    ['', 'Now'],
    [STORY, 'the connection'],
    ['?panel=completeness', 'completeness'],
    ['?filter=process+%3D+nobody', 'nothing found'],
  ] as const;
  describe.each(['dark', 'light'] as const)('axe finds nothing in %s', (colorScheme) => {
    test.each(views)('%s: %s', async (query) => {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(`localStorage.setItem('tcplens-theme', 'auto')`);
      await visit(query);
      await page.locator('.tiles').waitFor();
      if (query === STORY) await story().locator('dl').first().waitFor();
      expect(await axeViolations(page)).toEqual([]);
    });
  });
});
