// Real loss, and what only looks like loss: the page of retransmissions describes each correctly.
import process from 'node:process';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { formatDurationUs } from '../../dashboards/format.ts';
import type { Connections } from '../../server/api.ts';
import { compilePrograms, Endpoint, type Relay, startRelay } from '../fidelity/programs.ts';
import { type TestDirectory, testDirectory } from '../server/support/collector.ts';
import { EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { makePair, type Pair } from '../support/netns.ts';
import { startUp, type Up } from './up-process.ts';

const WHY_NOT = process.getuid?.() === 0 ? NO_BROWSER : 'needs root: network namespaces and BPF';
const FAR = ['out:delay=10:any', 'back:delay=10:any'];
const PORT = 7000;
/** Consecutive connects: the SYN of one is lost once, that of another twice. */
const CONNECTS = { count: 25, lost: ['out:drop:syn:5', 'out:drop:syn:12-13'], sysctl: ['net.ipv4.tcp_syn_linear_timeouts=0'] } as const;
/** Each sender has its own name, which tells its traffic from the rest of the machine's. */
const SITUATIONS = {
  'renamed-11': { rules: [...FAR, 'out:drop:data:p=0.05'], bytes: 1_000_000, sysctl: [] },
  'renamed-12': { rules: [...FAR, 'out:delay=25:data:20', 'out:delay=25:data:120'], bytes: 400_000, sysctl: ['net.ipv4.tcp_timestamps=0'] },
} as const;
type Made = { pair: Pair; relay: Relay; carried: Awaited<ReturnType<Relay['stop']>> };
const ENDED: string[] = [];
let connecting: Pair | undefined;

let directory: TestDirectory;
let up: Up;
let browser: OpenBrowser;
let page: Page;
const made: Partial<Record<keyof typeof SITUATIONS, Made>> = {};

describe('loss, or something that looks like it', () => {
  beforeEach(({ skip }) => skip(WHY_NOT !== '', WHY_NOT));
  beforeAll(async () => {
    if (WHY_NOT) return;
    directory = await testDirectory();
    const programs = compilePrograms(directory.path);
    up = await startUp(directory.path);
    for (const name of Object.keys(SITUATIONS) as (keyof typeof SITUATIONS)[]) made[name] = await transfer(name, programs);
    await connects(programs);
    browser = await openBrowser();
    page = await browser.open(`${up.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    for (const { pair } of Object.values(made)) pair.close();
    connecting?.close();
    await up?.stop();
    await directory?.remove();
    for (const line of ENDED) console.info(line);
  });

  async function transfer(name: keyof typeof SITUATIONS, { endpoint, relay: program }: ReturnType<typeof compilePrograms>): Promise<Made> {
    const { rules, bytes, sysctl } = SITUATIONS[name];
    const pair = makePair('tun');
    for (const setting of sysctl) pair.client.run('sysctl', '-qw', setting);
    const relay = await startRelay(program, pair, [...rules]);
    const start = (side: 'client' | 'server', script: string) =>
      new Endpoint(`${name} ${side}`, pair[side].start(endpoint, pair.server.address.ipv4, ...script.split(' ')));
    const server = start('server', `listen:${PORT} accept drain close`);
    await server.until('listen');
    const client = start('client', `rename:${name.split('-')[1]} connect:${PORT} send:${bytes} flush shutdown drain close`);
    await client.until('close');
    for (const endpoint of [client, server]) await endpoint.end();
    return { pair, relay, carried: await relay.stop() };
  }

  async function connects({ endpoint, relay: program }: ReturnType<typeof compilePrograms>): Promise<void> {
    const pair = makePair('tun');
    connecting = pair;
    // Older kernels lack this setting, and always double the timer.
    for (const setting of CONNECTS.sysctl) pair.client.run('sysctl', '-eqw', setting);
    const relay = await startRelay(program, pair, [...CONNECTS.lost]);
    const start = (side: 'client' | 'server', script: string) =>
      new Endpoint(`connects ${side}`, pair[side].start(endpoint, pair.server.address.ipv4, ...script.split(' ')));
    const server = start('server', `listen:${PORT}:64 wait`);
    await server.until('listen');
    const client = start('client', `rename:13 times:${CONNECTS.count} connect:${PORT} close done`);
    await client.until('close', CONNECTS.count);
    for (const one of [client, server]) await one.end();
    await relay.stop();
  }

  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 200 });
  const plain = (text: string | null) => (text ?? '').replace(/[\s\u202f]+/g, ' ').trim();
  const numberOf = async (name: string) => Number(plain(await page.locator(`[data-figure="${name}"]`).textContent()).replaceAll(' ', ''));
  /** @param figure, least: what the page is to show first. Rows of one connection come by several batches. */
  async function read(name: keyof typeof SITUATIONS, figure: string, least: number): Promise<string> {
    await page.goto(`${up.url}/?filter=process+%3D+${name}`);
    await page.getByRole('link', { name: 'Retransmits', exact: true }).click();
    await eventually(() => numberOf('sent again')).toBeGreaterThan(0);
    await eventually(() => numberOf(figure)).toBeGreaterThanOrEqual(least);
    // A connection's counters arrive with the row of its end.
    await eventually(() => numberOf('data segments')).toBeGreaterThan(0);
    const words = plain(await page.locator('[data-answer]').textContent());
    ENDED.push(`${name} | Retransmits | ${words}`);
    return words;
  }

  test('D1: one in twenty is lost on the way', async () => {
    const dropped = Number(made['renamed-11']?.carried.out['data_dropped']);
    const words = await read('renamed-11', 'lost', dropped / 2);
    expect(dropped).toBeGreaterThan(5);
    expect(words).toMatch(/^◆ bad: Loss: \d+(\.\d+)? %/);
    // A probe may have replaced a lost tail; such a segment is not counted as lost.
    expect(await numberOf('lost')).toBeLessThanOrEqual(dropped * 1.2);
    expect(await numberOf('lost')).toBeGreaterThanOrEqual(dropped / 2);
    expect(words).not.toMatch(/did not get past this host|dropped by the watched hosts/);
  });

  test('D3: two segments come late, and nothing is lost', async () => {
    const { client } = (made['renamed-12'] as Made).pair;
    const needless = client.nstat()['TcpExtTCPDSACKRecvSegs'] ?? 0;
    const words = await read('renamed-12', 'not needed', needless);
    expect([made['renamed-12']?.carried.out['data_dropped'], needless > 0]).toEqual([0, true]);
    expect(words).toMatch(/No loss: .* none was lost/);
    expect(words).toContain(`${needless} ${needless === 1 ? 'segment sent again was' : 'segments sent again were'} not needed (100 %`);
    expect([await numberOf('lost'), await numberOf('not needed')]).toEqual([0, needless]);
    expect(words).not.toMatch(/Loss:|network/);
  });

  /** Index of the bucket: eight buckets in a doubling, counted from one second. */
  const bucketOf = (us: number) => {
    const bucket = Math.ceil(Math.log2(us / 1e6) * 8);
    return [bucket - 1, bucket].map((at) => plain(formatDurationUs(2 ** (at / 8) * 1e6))).join(' to ');
  };

  test('B6: the SYN of one connection is lost once, that of another twice', async () => {
    await page.goto(`${up.url}/?page=latency&of=handshake&filter=process+%3D+renamed-13`);
    const words = async () => plain(await page.locator('[data-answer]').textContent());
    await eventually(words).toMatch(
      new RegExp(
        `^Handshake: half of ${CONNECTS.count} handshakes .*2 \\(8\\.00 %\\) took 1 s or more, 1 of them 3 s or more: a SYN that gets no answer`,
      ),
    );
    ENDED.push(`B6 | Latency › handshake | ${await words()}`);
    expect(connecting?.client.nstat()['TcpExtTCPSynRetrans']).toBe(3);
    await page.locator('summary').click();
    // The kernel's timers may be late, so the expected bucket comes from the row, which has the time to the microsecond.
    const asked = await fetch(`${up.url}/api/v1/connections?filter=process+%3D+renamed-13&limit=100`);
    const slowest_us = Math.max(...((await asked.json()) as Connections).connections.map(({ connect_us }) => connect_us ?? 0));
    expect(slowest_us).toBeGreaterThan(2_950_000);
    const slowest = page.locator('[data-table="buckets"] tbody tr').last();
    expect((await slowest.locator('td').allTextContents()).map(plain)).toEqual([bucketOf(slowest_us), '1', '4.00 %']);
    await slowest.getByRole('link').click();
    await eventually(() => page.locator('[data-table="connections"] tbody tr').count()).toBe(1);
    const found = (await page.locator('[data-table="connections"] tbody td').allTextContents()).map(plain);
    expect([found.includes('renamed-13'), found.includes(plain(formatDurationUs(slowest_us)))]).toEqual([true, true]);
  });
});
