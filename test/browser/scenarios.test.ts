// Real situations, and the clicks of a person to their cause: at most three each, with correct descriptions.
import process from 'node:process';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compilePrograms, Endpoint } from '../fidelity/programs.ts';
import { type TestDirectory, testDirectory } from '../server/support/collector.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { makePair, type Pair } from '../support/netns.ts';
import { waitFor } from '../support/wait.ts';
import { startUp, type Up } from './up-process.ts';

const WHY_NOT = process.getuid?.() === 0 ? NO_BROWSER : 'needs root: network namespaces and BPF';
const LEAKED = 10;
const REFUSED = 3;
const PORTS = 16;
const WITHOUT_PORT = 2;
const ENDED: [string, string, string][] = [];

let directory: TestDirectory;
let pair: Pair;
/** A pair whose client has few local ports. */
let narrow: Pair;
let up: Up;
let browser: OpenBrowser;
let page: Page;
let program: string;
const endpoints: Endpoint[] = [];

function start(name: string, side: 'client' | 'server', script: string, of = pair): Endpoint {
  const made = new Endpoint(name, of[side].start(program, of.server.address.ipv4, ...script.split(' ')));
  endpoints.push(made);
  return made;
}

describe('from a situation to its cause', () => {
  beforeEach(({ skip }) => skip(WHY_NOT !== '', WHY_NOT));
  beforeAll(async () => {
    if (WHY_NOT) return;
    directory = await testDirectory();
    program = compilePrograms(directory.path).endpoint;
    up = await startUp(directory.path);
    pair = makePair();
    narrow = makePair();
    narrow.client.run('sysctl', '-qw', `net.ipv4.ip_local_port_range=40000\t${40_000 + PORTS - 1}`);
    // Each process has its own name, which tells its traffic from the rest of the machine's.
    const leaking = start('leaking', 'server', `rename:1 listen:7101 times:${LEAKED} accept keep done wait`);
    await leaking.until('listen');
    await start('leaving', 'client', `times:${LEAKED} connect:7101 close done wait`).until('close', LEAKED);
    const silent = start('silent', 'server', 'rename:2 listen:7102:3 wait');
    await silent.until('listen');
    await start('queueing', 'client', 'times:4 connect:7102 keep done fork:4 connect:7102 done wait').until('connect', 8);
    await start('refused', 'client', `rename:3 times:${REFUSED} connect:7103 close done wait`).until('connect', REFUSED);
    const keeping = start('keeping', 'server', `listen:7301 times:${PORTS} accept keep done wait`, narrow);
    await keeping.until('listen');
    await start('dialing', 'client', `rename:5 times:${PORTS + WITHOUT_PORT} connect:7301 keep done wait`, narrow).until(
      'connect',
      PORTS + WITHOUT_PORT,
    );
    browser = await openBrowser();
    page = await browser.open(`${up.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    for (const endpoint of endpoints) await endpoint.end().catch(() => undefined);
    pair?.close();
    narrow?.close();
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

  const pileUps = async (process: string) => {
    await visit(`?filter=process+%3D+${process}`);
    await page.getByRole('link', { name: 'Pile-ups', exact: true }).click();
  };
  const population = (state: string, port: number) =>
    narrow.client.run('ss', '-Htan', 'state', state, 'dport', '=', String(port)).split('\n').filter(Boolean).length;
  const sentence = (table: string) => plain(rows(table).first().locator('td').last());
  const cells = async (table: string, from: number, to: number) =>
    (await rows(table).first().locator('td').allTextContents()).slice(from, to).map((text) => text.trim().replaceAll('\u202f', ' '));

  test('C1: on Pile-ups, that it is no limit', async () => {
    await pileUps('renamed-1');
    await eventually(() => sentence('piles')).toMatch(
      /^◆ bad: The peer has closed, this application has not\. close\(\) is missing in it: .* That is no limit to be raised\. 10 more than when the range began, and none has moved data for/,
    );
    expect(await plain(rows('piles').first())).toMatch(/^ ?renamed-1.*close wait.*10/);
    expect(await plain(rows('piles').first())).not.toMatch(/packet loss|tcp_fin_timeout/);
    ENDED.push(['C1', 'Pile-ups', await sentence('piles')]);
  });

  test('C2: TIME_WAIT piles up at who closes first', async () => {
    // Started only now, since TIME_WAITs last one minute.
    await start('answering', 'server', `listen:7201 times:${LEAKED} accept drain close done wait`, narrow).until('listen');
    await start('hurrying', 'client', `rename:4 times:${LEAKED} connect:7201 send:10 close done wait`, narrow).until('close', LEAKED);
    await waitFor(
      'TIME_WAITs',
      () => population('time-wait', 7201),
      (found) => found === LEAKED,
      50,
    );
    await pileUps('renamed-4');
    // The rows may arrive in several batches, so the page changes several times.
    await eventually(() => cells('closers', 2, 5)).toEqual(['10.77.0.2:7201', String(LEAKED), '0']);
    await eventually(() => sentence('closers')).toMatch(
      /^This side closes first, [\d.]+ a second; each keeps its local port toward this destination for 60 s\. tcp_fin_timeout does not change that\./,
    );
    ENDED.push(['C2', 'Pile-ups', await sentence('closers')]);
  });

  test('C3: no local port is left toward one destination', async () => {
    await pileUps('renamed-5');
    await eventually(() => sentence('ports')).toMatch(
      /^◆ bad: 2 connects found no local port from 10\.77\.0\.1 toward 10\.77\.0\.2:7301 \(EADDRNOTAVAIL\): it chooses from 16\. Nothing was sent, so neither the network nor the peer had part in it\./,
    );
    await eventually(() => cells('ports', 3, 6)).toEqual(['16', '16', '100 %']);
    ENDED.push(['C3', 'Pile-ups', await sentence('ports')]);
    await rows('ports').first().locator('[data-row-link]').click();
    await eventually(() => rows('connections').count()).toBe(WITHOUT_PORT);
  });

  test('E: who talks to whom: what both ends saw is one, and connects that failed are with it', async () => {
    await visit('?filter=process+%3D+renamed-5');
    await page.getByRole('link', { name: 'Map', exact: true }).click();
    await eventually(async () => (await rows('map').first().locator('td').allTextContents()).map((text) => text.trim())).toEqual([
      expect.stringMatching(/^renamed-5 .*on /),
      expect.stringMatching(/^endpoint .*on /),
      '7301',
      String(PORTS + WITHOUT_PORT),
      expect.any(String),
      expect.stringMatching(new RegExp(`${WITHOUT_PORT}$`)),
      '0',
      expect.any(String),
      expect.any(String),
      'both ends',
    ]);
    await rows('map').first().locator('[data-row-link]').focus();
    const told = page.locator('[data-told]');
    await eventually(() => plain(told)).toMatch(
      /^renamed-5 .* → endpoint .* :7301 — 18 connections, .*2 failed.*; both ends watched, counted once$/,
    );
    ENDED.push(['E', 'Map', await plain(told)]);
  });

  test('C4: the peers of closed sockets do not close', async () => {
    // Started only now, since the kernel keeps these sockets for two minutes at most.
    await start('staying', 'server', `listen:7401 times:${LEAKED} accept keep done wait`, narrow).until('listen');
    await start('parting', 'client', `rename:6 times:${LEAKED} connect:7401 linger2:120 close done wait`, narrow).until('close', LEAKED);
    await waitFor(
      'FIN_WAIT2s',
      () => population('fin-wait-2', 7401),
      (found) => found === LEAKED,
      50,
    );
    await pileUps('renamed-6');
    await eventually(() => sentence('piles')).toMatch(
      /Closed here and acknowledged: it waits for the peer to close\..*TCP_LINGER2, tcp_fin_timeout/,
    );
    await eventually(() => plain(rows('piles').first())).toMatch(/renamed-6.*FIN wait 2.*connected out, :7401.*10/);
    expect(await plain(rows('piles').first())).not.toMatch(/packet loss|close\(\) is missing/);
    ENDED.push(['C4', 'Pile-ups', await sentence('piles')]);
    await rows('piles').first().locator('[data-row-link]').click();
    await eventually(() => rows('connections').count()).toBe(LEAKED);
  });

  test('A5: the accept queue is full', async () => {
    const counted = () => pair.server.nstat()['TcpExtListenOverflows'] ?? 0;
    expect(counted()).toBeGreaterThan(0);
    await visit('?filter=process+%3D+renamed-2');
    await page.getByRole('link', { name: 'Listeners', exact: true }).click();
    // A client without an answer repeats its SYN for a while, and each SYN counts.
    await eventually(async () => {
      const shown = await plain(rows('listeners').first());
      return shown.replace(`was full ${counted()} times`, 'was full as often as the kernel says');
    }).toMatch(
      /renamed-2.*:7102.*Its accept queue was full as often as the kernel says when somebody asked to connect.*\(up to 4 waited in its queue, 3 may\)/,
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
    expect(await end.getAttribute('title')).toBe('refused: a reset answered its SYN (ECONNREFUSED: refused by the peer)');
    expect(await page.locator('main').textContent()).not.toMatch(/firewall|packet loss/);
    ENDED.push(['refused', 'Connections › refused', (await end.getAttribute('title')) ?? '']);
  });
});
