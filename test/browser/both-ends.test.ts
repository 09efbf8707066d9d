// A connection whose ends are on two watched hosts with different clocks: its story shows both ends on one time axis.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { DIRECTION, END_REASON, EVENT, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import type { RowValues } from '../support/row-bytes.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';
import { retransmit } from './story-rows.ts';

const [WEB, DB] = [0xa1n, 0xb2n];
const AHEAD_MS = 5000;
const LIVED_MS = 20_000;
const collector = new CollectorProcess();
const [web, db] = [new TestAgent(collector, WEB, 'web-1'), new TestAgent(collector, DB, 'db-1')];
let browser: OpenBrowser;
let page: Page;

const client = { netns: 1, local_addr: '10.1.0.1', local_port: 40_000, peer_addr: '10.1.0.2', peer_port: 5432, pid: 7, comm: 'app' };
const server = { netns: 1, local_addr: '10.1.0.2', local_port: 5432, peer_addr: '10.1.0.1', peer_port: 40_000, pid: 8, comm: 'postgres' };
const CLIENT: RowValues = { ...client, connection_id: 5n, role: ROLE.indexOf('client'), snd_isn: 100, rcv_isn: 200 };
const SERVER: RowValues = { ...server, connection_id: 9n, role: ROLE.indexOf('server'), snd_isn: 200, rcv_isn: 100 };
const ns = (ms: number) => BigInt(Math.round(ms)) * 1_000_000n;
/** Without initial sequence numbers, which only connection rows have. */
const bare = ({ snd_isn: _, rcv_isn: __, ...end }: RowValues): RowValues => end;

/** Sends the rows of one end's life, by its own clock. */
async function tell(agent: TestAgent, end: RowValues, began_ms: number, end_reason: (typeof END_REASON)[number]): Promise<void> {
  const ended_ms = began_ms + LIVED_MS;
  const measured = { rtt_min_us: 2000, connect_us: 2000, duration_us: LIVED_MS * 1000, established_us: LIVED_MS * 1000 };
  const established = { old_state: STATE.indexOf('established'), new_state: STATE.indexOf('close') };
  await agent.rows('connection', [
    { ...end, time_ns: ns(began_ms), event: EVENT.indexOf('open'), state: STATE.indexOf('established'), connect_us: 2000 },
    {
      ...end,
      ...measured,
      time_ns: ns(ended_ms),
      event: EVENT.indexOf('close'),
      state: STATE.indexOf('close'),
      end_reason: END_REASON.indexOf(end_reason),
    },
  ]);
  await agent.rows('state_change', [{ ...bare(end), ...established, time_ns: ns(ended_ms), duration_us: LIVED_MS * 1000 }]);
}

beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
beforeAll(async () => {
  if (NO_BROWSER) return;
  await collector.start();
  browser = await openBrowser();
  const began_ms = Date.now() - 60_000;
  for (const agent of [web, db]) await agent.report(0);
  await tell(web, CLIENT, began_ms, 'rst_received');
  await tell(db, SERVER, began_ms + AHEAD_MS, 'rst_sent');
  const [sent, received] = [DIRECTION.indexOf('sent'), DIRECTION.indexOf('received')];
  const dropped = { direction: received, has_socket: 1, reason: 'netfilter_drop', location: 'nft_do_chain', tcp_flags: 0x18, length: 1448 };
  await db.rows('drop', [{ ...bare(SERVER), ...dropped, time_ns: ns(began_ms + AHEAD_MS + 4000) }]);
  await web.rows('retransmit', [retransmit(began_ms + 4200, { ...bare(CLIENT) })]);
  await db.rows('reset', [{ ...bare(SERVER), direction: sent, has_socket: 1, time_ns: ns(began_ms + AHEAD_MS + LIVED_MS - 10) }]);
  await web.rows('reset', [{ ...bare(CLIENT), direction: received, has_socket: 1, time_ns: ns(began_ms + LIVED_MS - 5) }]);
  await collector.stored();
  page = await browser.open(`${collector.url}/?connection=${WEB}/5`);
});
afterAll(async () => {
  await browser?.close();
  await collector.remove();
});
afterEach(() => expect(browser?.complaints ?? []).toEqual([]));

const plain = (text: string | null) => (text ?? '').replaceAll('\u202f', ' ');
const lanes = (name: string) => page.locator(`[data-lanes="${name}"]`);

test('the other end has lanes of its own, by this clock, and says how far its own is', async () => {
  await lanes('other-lanes').locator('rect.established').waitFor({ timeout: EVENTUALLY_MS });
  expect(plain(await lanes('other-lanes').locator('h2').textContent())).toBe(
    'The other end, at db-1 (postgres): its clock is 5 s ahead, within 4 ms, which is taken off',
  );
  const box = async (name: string) => (await lanes(name).locator('rect.established').boundingBox()) ?? { x: 0, width: 0 };
  const [here, there] = [await box('lanes'), await box('other-lanes')];
  expect(Math.abs(here.x - there.x)).toBeLessThan(2);
  expect(Math.abs(here.width - there.width)).toBeLessThan(2);
  expect(await lanes('lanes').locator('line.resent').count()).toBe(1);
  expect(await lanes('other-lanes').locator('path.drop').count()).toBe(1);
});

test('events of both are one list, in the order in which they happened', async () => {
  const events = async () => {
    const rows = await page.locator('[data-table="connection-events"] tbody tr').allTextContents();
    return rows.map((row) => (/(web-1|db-1)\s*(\w+)/.exec(plain(row)) ?? []).slice(1).join(' '));
  };
  await expect.poll(events, { timeout: EVENTUALLY_MS, interval: 100 }).toEqual(['db-1 dropped', 'db-1 reset', 'web-1 reset']);
});

test('from the other end it is the other way round', async () => {
  await page.goto(`${collector.url}/?connection=${DB}/9`);
  await lanes('other-lanes').locator('rect.established').waitFor({ timeout: EVENTUALLY_MS });
  expect(plain(await lanes('other-lanes').locator('h2').textContent())).toMatch(/at web-1 \(app\): its clock is 5 s behind, within 4 ms/);
  expect(await axeViolations(page)).toEqual([]);
});
