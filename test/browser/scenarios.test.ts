// Situations made for real, and the clicks that a person makes to the cause: each within three, in words that are true.
import process from 'node:process';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compilePrograms, Endpoint } from '../fidelity/programs.ts';
import { type TestDirectory, testDirectory } from '../server/support/collector.ts';
import { axeViolations, buildDashboards, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { makePair, type Pair } from '../support/netns.ts';
import { startUp, type Up } from './up-process.ts';

const WHY_NOT = process.getuid?.() === 0 ? NO_BROWSER : 'needs root: network namespaces and BPF';
const LEAKED = 10;
const REFUSED = 3;
const ENDED: [string, string, string][] = [];

let directory: TestDirectory;
let pair: Pair;
let up: Up;
let browser: OpenBrowser;
let page: Page;
const endpoints: Endpoint[] = [];

describe('from a situation to its cause', () => {
  beforeEach(({ skip }) => skip(WHY_NOT !== '', WHY_NOT));
  beforeAll(async () => {
    if (WHY_NOT) return;
    directory = await testDirectory();
    const { endpoint } = compilePrograms(directory.path);
    await buildDashboards();
    up = await startUp(directory.path);
    pair = makePair();
    const { ipv4 } = pair.server.address;
    const start = (name: string, side: 'client' | 'server', script: string) => {
      const made = new Endpoint(name, pair[side].start(endpoint, ipv4, ...script.split(' ')));
      endpoints.push(made);
      return made;
    };
    // Each process has a name of its own, by which the rest of the machine's traffic is left out.
    const leaking = start('leaking', 'server', `rename:1 listen:7101 times:${LEAKED} accept keep done wait`);
    await leaking.until('listen');
    await start('leaving', 'client', `times:${LEAKED} connect:7101 close done wait`).until('close', LEAKED);
    const silent = start('silent', 'server', 'rename:2 listen:7102:3 wait');
    await silent.until('listen');
    await start('queueing', 'client', 'times:4 connect:7102 keep done fork:4 connect:7102 done wait').until('connect', 8);
    await start('refused', 'client', `rename:3 times:${REFUSED} connect:7103 close done wait`).until('connect', REFUSED);
    browser = await openBrowser();
    page = await browser.open(`${up.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    for (const endpoint of endpoints) await endpoint.end().catch(() => undefined);
    pair?.close();
    await up?.stop();
    await directory?.remove();
    for (const row of ENDED) console.info(row.join(' | '));
  });

  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 200 });
  const plain = async (locator: ReturnType<Page['locator']>) => ((await locator.textContent()) ?? '').replace(/\s+/g, ' ');
  const visit = (query: string) => page.goto(`${up.url}/${query}`);
  const rows = (table: string) => page.locator(`[data-table="${table}"] tbody tr`);

  test('C1: close() is missing', async () => {
    await visit('?filter=process+%3D+renamed-1');
    await page.getByRole('link', { name: 'Connections', exact: true }).click();
    await page.locator('[data-chip="live, by state/close_wait"]').click();
    await eventually(() => rows('connections').count()).toBe(LEAKED);
    expect(await plain(rows('connections').first())).toMatch(/renamed-1.*:7101 ← .*close wait/);
    const state = rows('connections').first().locator('td', { hasText: 'close wait' });
    expect(await state.getAttribute('title')).toBe('the peer has closed, this application has not');
    expect(await page.locator('main').textContent()).not.toMatch(/packet loss|tcp_fin_timeout/);
    ENDED.push(['C1', 'Connections › close wait', 'the peer has closed, this application has not']);
  });

  test('A5: the accept queue is full', async () => {
    const counted = () => pair.server.nstat()['TcpExtListenOverflows'] ?? 0;
    expect(counted()).toBeGreaterThan(0);
    await visit('?filter=process+%3D+renamed-2');
    await page.getByRole('link', { name: 'Listeners', exact: true }).click();
    await eventually(() => plain(rows('listeners').first())).toMatch(
      new RegExp(
        `renamed-2.*:7102.*Its accept queue was full ${counted()} times when somebody asked to connect.*\\(up to 4 waited in its queue, 3 may\\)`,
      ),
    );
    expect(await page.locator('main').textContent()).not.toMatch(/packet loss|client bug/);
    expect(await axeViolations(page)).toEqual([]);
    ENDED.push(['A5', 'Listeners', await plain(rows('listeners').first().locator('td').last())]);
  });

  test('a connect is refused: nobody listens', async () => {
    await visit('?filter=process+%3D+renamed-3');
    await page.getByRole('link', { name: 'Connections', exact: true }).click();
    await page.locator('[data-chip="failed connects/refused"]').click();
    await eventually(() => rows('connections').count()).toBe(REFUSED);
    const end = rows('connections').first().locator('td', { hasText: 'refused' });
    expect(await end.getAttribute('title')).toBe('refused: nobody listens on that port (ECONNREFUSED: refused by the peer)');
    expect(await page.locator('main').textContent()).not.toMatch(/firewall|packet loss/);
    ENDED.push(['refused', 'Connections › refused', (await end.getAttribute('title')) ?? '']);
  });
});
