// Investigations on the page, with an agent on this kernel that watches both ends of lossy connections: from a sentence of the page Now to
// a verdict; one that is stopped; a comparison of two; and users who may not start one.
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { asOwner } from '../server/support/investigating.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, openBrowser, ownComplaints } from '../support/browser.ts';
import { lose } from '../support/netns.ts';
import { CollectorProcess } from './collector-process.ts';
import { type LossyPair, startLossyPair } from './lossy-pair.ts';

const WHY_NOT = process.getuid?.() === 0 ? NO_BROWSER : 'needs root: network namespaces and BPF';
const SCREENSHOTS = join(tmpdir(), 'tcplens-investigations-page');
const PORT = 7031;
const EXPRESSION = `peer = 10.77.0.2 and peer_port = ${PORT}`;
const CLICKS_MAX = 4;

const collector = new CollectorProcess();
const api = asOwner(
  () => collector.url,
  () => collector.data,
);
let pair: LossyPair;
let agent: AgentProcess;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;

describe('investigations', () => {
  beforeEach(({ skip }) => skip(WHY_NOT !== '', WHY_NOT));
  beforeAll(async () => {
    if (WHY_NOT) return;
    mkdirSync(SCREENSHOTS, { recursive: true });
    await collector.start();
    agent = await startAgent('--collector', collector.url, '--interval', '1s', '--cpu-budget', '100%');
    pair = await startLossyPair(PORT);
    browser = await openBrowser({ width: 1440, height: 1000 });
    page = await browser.open(`${collector.url}/?page=investigations`);
  });
  afterAll(async () => {
    await browser?.close();
    await agent?.stop();
    pair?.close();
    await collector.remove();
  });
  afterEach(() => expect(browser?.complaints.splice(0) ?? []).toEqual([]));

  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 200 });
  const plain = (text: string | null) => (text ?? '').replace(/[\s\u202f]+/g, ' ').trim();
  const said = async (selector: string) => plain(await page.locator(selector).first().textContent());
  /** The texts of a table's cells, joined to one line. */
  const cells = async (table: string) => (await page.locator(`[data-table="${table}"] tbody td`).allTextContents()).map(plain).join(' | ');
  const visit = (query: string) => page.goto(`${collector.url}/${query}`);
  const search = () => new URL(page.url()).searchParams;
  const shot = (name: string) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
  const box = () => page.getByRole('combobox', { name: 'Connections' });
  const start = () => page.getByRole('button', { name: 'Start', exact: true });
  const listed = () => page.locator('[data-table="investigations"] tbody tr').count();
  const sentences = () => said('[data-verdict] .sentences');
  const isGrowing = () => page.locator('[data-verdict]').getAttribute('data-growing');
  /** The segments of each cause in a table of causes. */
  const causes = async () =>
    Object.fromEntries(
      await page
        .locator('[data-table="causes"] [data-cause]')
        .evaluateAll((rows) =>
          rows.map((row) => [row.getAttribute('data-cause'), Number((row.children[1]?.textContent ?? '').replace(/\D/g, ''))] as const),
        ),
    );
  /** The causes with their segments, without causes that do not occur. */
  const found = (by_cause: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(by_cause).filter(([, segments]) => segments > 0));
  const startedBy = async () => {
    await page.locator('[data-state]').waitFor();
    return search().get('id') ?? '';
  };
  async function end(): Promise<void> {
    await page.getByRole('button', { name: 'Stop' }).click();
    await eventually(() => said('[data-state]')).toMatch(/^○ stopped at \d\d:\d\d:\d\d/);
    await eventually(isGrowing).toBe('false');
    // Until then more rows arrive, and the page shows an earlier verdict.
    await eventually(() => said('[data-completeness]')).toMatch(/Rows stored of those written: .*\(100 %\)/);
  }

  test('a viewer sees why there is no starting, and what to do where there is none', async () => {
    await visit(`?page=investigations&filter=${encodeURIComponent(EXPRESSION)}`);
    await eventually(() => said('main')).toMatch(/needs the role operator, and you are viewer here.*tcplens admin link/);
    expect(await start().isDisabled()).toBe(true);
    expect(await page.locator('[data-estimate]').count()).toBe(0);
    await eventually(() => said('main')).toMatch(/Nothing has been looked into yet/);
    expect(await axeViolations(page)).toEqual([]);
    await shot('viewer');
  });

  test('what is no fact of a connection is refused at its place, with what to write; only such fields are offered', async () => {
    await page.goto(collector.link);
    await page.locator('[data-who="owner"]').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await eventually(() => search().get('page')).toBe('investigations');
    await start().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('st');
    expect(await box().evaluate((input) => input === input.ownerDocument.activeElement)).toBe(true);
    expect(await page.locator('[role="option"]').count()).toBe(0);
    await page.keyboard.type('ate = listen');
    await page.keyboard.press('Enter');
    await eventually(() => said('#connections-expression-error')).toMatch(
      /state is of single rows.*leave it out: it changes while a connection lives/,
    );
    expect(await page.locator('[data-wrong]').getAttribute('style')).toMatch(/left:\s*calc\(0ch/);
    await start().click();
    expect(search().has('id')).toBe(false);
    await box().fill('pee');
    const offered = () => page.locator('[role="option"]').allTextContents();
    await eventually(async () => (await offered()).map((text) => plain(text).split(' ')[0])).toEqual(['peer', 'peer_port']);
    await shot('completion');
  });

  test(`from a sentence of the Now page to a verdict in at most ${CLICKS_MAX} clicks`, async () => {
    await visit('');
    await page.evaluate(`globalThis.clicks = 0; addEventListener('click', ({ isTrusted }) => { if (isTrusted) clicks++; }, true)`);
    const edge = page.locator('[data-table="edges"] tbody tr', { hasText: `10.77.0.2:${PORT}` }).first();
    await edge.waitFor();
    await shot('now');
    await edge.getByText('why?').click();
    await eventually(() => box().inputValue()).toBe(EXPRESSION);
    await eventually(() => said('[data-estimate]')).toMatch(
      /^\d+ connections? on 1 host in the last five minutes; about \S+.* segments\/s\./,
    );
    await shot('form');
    // Longer than a person would choose: a slow machine needs more time to get its verdict while the investigation runs.
    const minutes = page.locator('label', { hasText: 'minutes' }).locator('input');
    await minutes.fill('20');
    await minutes.blur();
    await start().click();
    await eventually(sentences).toMatch(/retransmitted segments to 10\.77\.0\.0\/24 were dropped by the receiver's host/);
    const clicks = Number(await page.evaluate('globalThis.clicks'));
    console.log(`from the sentence to the verdict: ${clicks} clicks`);
    expect(clicks).toBeLessThanOrEqual(CLICKS_MAX);
    expect(await isGrowing()).toBe('true');
    expect(await said('[data-state]')).toMatch(/^● running, \d+ min( \d+ s)? left$/);
    await eventually(() => cells('hosts')).toMatch(/\| running \| .* \| watched too$/);
    await shot('running');
  });

  let first = '';
  test('one that is stopped ends everywhere, and its page has what the collector says', async () => {
    first = await startedBy();
    await end();
    await eventually(() => cells('hosts')).toMatch(/\| ended \| somebody stopped it \|/);
    const verdict = await api.verdict(first);
    await eventually(causes).toEqual(found(verdict.by_cause));
    expect(await sentences()).toBe(plain(verdict.sentences.join('')));
    expect(await cells('peers')).toMatch(/^10\.77\.0\.0\/24 \| [\d ]+ \| 100 % \|/);
    expect(verdict.dropped.some(({ segments }) => segments > 0)).toBe(true);
    expect(await cells('dropped')).toMatch(/netfilter_drop \| \w+ \| \d+ \| [\d ]+$/);
    expect(await cells('stacks')).toMatch(/drop lost netfilter_drop \| [^|]*nf_hook_slow/);
    expect(await said('[data-asked]')).toMatch(/by owner/);
    const [written = 0] = (await api.one(first)).at_hosts.map(({ passed, looked_back }) => passed + looked_back);
    expect(verdict.rows.stored).toBe(written);
  });

  test('a link shows the same, and leads to the connections and retransmits of its time', async () => {
    await page.reload();
    await eventually(sentences).toMatch(/dropped by the receiver's host/);
    await page.getByRole('link', { name: 'its connections' }).click();
    await eventually(() => search().get('page')).toBe('connections');
    expect(search().get('filter')).toBe(EXPRESSION);
    await page
      .locator('[data-table="connections"] tbody tr', { hasText: `10.77.0.2:${PORT}` })
      .first()
      .waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'its retransmits' }).click();
    await page.locator('[data-answer]').waitFor();
    await page.goBack();
    await eventually(sentences).toMatch(/dropped by the receiver's host/);
    const hrefs = await page.locator('a[download]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    expect(hrefs).toEqual(
      ['report.html', 'rows.ndjson', 'packets.pcapng', 'recording.tcplens'].map((name) => `/api/v1/investigations/${first}/${name}`),
    );
  });

  test('asked again after a change, both are compared: shares, differences, and what has changed in words', async () => {
    pair.server.run('iptables', '-F', 'INPUT');
    lose(pair.client, 'ipv4', 0.3);
    await page.getByRole('link', { name: 'ask again' }).click();
    await eventually(() => box().inputValue()).toBe(EXPRESSION);
    await start().click();
    await eventually(() => search().get('id')).not.toBe(first);
    const second = await startedBy();
    await eventually(async () => (await api.verdict(second)).segments).toBeGreaterThan(20);
    await end();
    const [before, after] = [await api.verdict(first), await api.verdict(second)];
    await eventually(causes).toEqual(found(after.by_cause));
    await page.getByLabel('compare with').selectOption(first);
    await page.locator('[data-comparison]').waitFor();
    const points = await page
      .locator('[data-comparison] [data-cause]')
      .evaluateAll((rows) => rows.map((row) => [row.getAttribute('data-cause') ?? '', row.lastElementChild?.textContent ?? ''] as const));
    expect(points.length).toBeGreaterThan(1);
    for (const [cause, text] of points) {
      const share = (of: typeof before) => (of.by_cause[cause as keyof typeof of.by_cause] / of.segments) * 100;
      expect(Number(text.replace('−', '-').replace('<', ''))).toBeCloseTo(share(after) - share(before), 0);
    }
    await eventually(() => said('[data-comparison] ul')).toMatch(/“dropped at the receiver” fell from/);
    expect(search().get('against')).toBe(first);
    expect(await axeViolations(page)).toEqual([]);
    await shot('comparison');
    await page.goBack();
    await eventually(sentences).not.toBe('');
  });

  test('one that asked otherwise is not compared, and says why', async () => {
    const { body } = await api.start({ expression: `port = ${PORT}`, detail: 'rows', for_ms: 1000 });
    await visit(`?page=investigations&id=${first}&against=${String(body['id'])}`);
    await eventually(() => said('[data-comparison]')).toMatch(
      /not comparable: they follow other connections: “peer = .*not comparable: one looks at packets, the other at rows/,
    );
    expect(await page.locator('[data-comparison] ul li').count()).toBe(0);
  });

  test('from a connection and from what was sent again leads a link to the form, too', async () => {
    await visit('');
    const row = page.locator('[data-table="retransmits"] tbody tr', { hasText: new RegExp(`→\\s*10\\.77\\.0\\.2:${PORT}`) }).first();
    await row.getByText('why?').click();
    await eventually(() => box().inputValue()).toBe(EXPRESSION);
    await page.goBack();
    await row.locator('[data-row-link]').click();
    await page
      .getByRole('dialog')
      .getByRole('link', { name: /^investigate/ })
      .click();
    await eventually(() => box().inputValue()).toMatch(/peer = 10\.77\.0\.2 and peer_port = 7031$/);
    expect(search().has('connection')).toBe(false);
    // Rows may still be on their way: the page asks again, and the browser prints the refusals.
    browser.complaints.length = 0;
  });

  describe.each(['dark', 'light'] as const)('axe finds nothing in %s', (colorScheme) => {
    test.each([375, 1280])('%i px', async (width) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 1000 });
      await visit(`?page=investigations&filter=${encodeURIComponent(EXPRESSION)}`);
      await eventually(listed).toBe(3);
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await shot(`list-${colorScheme}-${width}`);
      await visit(`?page=investigations&id=${first}`);
      await eventually(sentences).toMatch(/dropped by the receiver's host/);
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await shot(`one-${colorScheme}-${width}`);
    });
  });

  test('on paper are the sentences and the tables, and nothing to be operated', async () => {
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 800, height: 1100 });
    await visit(`?page=investigations&id=${first}`);
    await eventually(sentences).toMatch(/dropped by the receiver's host/);
    for (const name of ['Delete this investigation']) expect(await page.getByRole('button', { name }).isVisible()).toBe(false);
    await shot('print');
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width: 1440, height: 1000 });
  });

  test('deleting is asked twice, and leads back to the list', async () => {
    await visit(`?page=investigations&id=${first}`);
    const remove = page.getByRole('button', { name: /^Delete this investigation/ });
    await remove.click();
    await remove.click();
    await eventually(() => search().has('id')).toBe(false);
    await eventually(listed).toBe(2);
    await visit(`?page=investigations&id=${first}`);
    await page
      .getByRole('alert')
      .filter({ hasText: `there is no investigation ${first}` })
      .first()
      .waitFor();
    browser.complaints.length = 0;
  });

  test('a viewer sees one, and can neither stop nor delete it', async () => {
    const { body } = await api.start({ expression: EXPRESSION, for_ms: 600_000 });
    await page.context().clearCookies();
    await visit(`?page=investigations&id=${String(body['id'])}`);
    await eventually(() => said('[data-state]')).toMatch(/^● running/);
    for (const name of [/^Stop/, /^Delete/]) expect(await page.getByRole('button', { name }).count()).toBe(0);
    await page.locator('[data-verdict]').waitFor();
    // If the collector stops answering, the figures stay, and the page says so once.
    await page.route('**/api/v1/investigations/**', (route) => route.abort());
    await eventually(() => said('[data-notices]')).toMatch(/^▲ The collector does not answer\.[^▲]* What you see is from before\.$/);
    expect(ownComplaints(browser.complaints.splice(0))).toBe('');
  });
});
