// Minutes, hours and days of the rollup on the real engine: every sum is that of the rows, also for rows that come late, and whenever the
// process that builds them is killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import type { FIGURE_NAMES } from '../../../server/storage/figures.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { buildPieces, KEPT_BY_EACH, STANDS_OUT } from '../../../server/storage/tiers.ts';
import { type Upkeep, upkeepOf } from '../../../server/storage/upkeep.ts';
import { waitFor } from '../../support/wait.ts';
import { DAY_S, FIRST_S, putLate, putRows, sumsOf } from './tier-sums.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-tiers-'));
const path = join(directory, 'engine');
const NOW_MS = Date.now();
let engine: Engine;
let upkeep: Upkeep;

async function open(): Promise<void> {
  engine = await openEmbeddedEngine({ path });
  await migrate(engine);
  upkeep = upkeepOf(engine);
}
beforeAll(open);
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

async function expectEqualSums(): Promise<void> {
  const { rows, ...rollups } = await sumsOf(engine, FIRST_S, FIRST_S + 3 * DAY_S);
  expect(rows).toMatchObject({ total_rolled_rows: expect.any(Number) });
  for (const rollup of Object.values(rollups)) expect(rollup).toEqual(rows);
}

test('minutes, hours and days add up to the rows, figure by figure and bucket by bucket', async () => {
  await putRows(engine, FIRST_S, 2 * DAY_S, 3000);
  expect(await upkeep.makeMinutes(NOW_MS)).toBe((2 * DAY_S) / 300);
  expect(await upkeep.refresh(NOW_MS)).toBe(48 + 2 + 48);
  await expectEqualSums();
  expect([await upkeep.makeMinutes(NOW_MS), await upkeep.refresh(NOW_MS)]).toEqual([0, 0]);
});

test('what the tables have of each kind is counted with the minutes', async () => {
  const counted = await engine.query("SELECT sum(rows) AS n, uniqExact(minute, host_id) AS places FROM stored FINAL WHERE kind = 'sample'");
  expect(counted).toEqual(await engine.query('SELECT count() AS n, uniqExact(toStartOfMinute(time_ns), host_id) AS places FROM sample'));
});

test('each piece keeps its largest keys, and the rest in one row a host', async () => {
  const [day] = await engine.query<{ most: number; others: number; hosts: number }>(
    `SELECT max(kept) AS most, sum(rest) AS others, count() AS hosts
FROM (SELECT start, host_id, countIf(NOT others) AS kept, countIf(others) AS rest FROM rollup_1d GROUP BY start, host_id)`,
  );
  expect(day).toMatchObject({ others: 6, hosts: 6 });
  expect(day?.most).toBeGreaterThanOrEqual(KEPT_BY_EACH);
  expect(day?.most).toBeLessThanOrEqual(Object.keys(STANDS_OUT).length * KEPT_BY_EACH);
  const largest = (table: string, day: string) =>
    engine.query(`SELECT comm, service_port, peer_network, sum(bytes_sent + bytes_received) AS bytes FROM ${table}
WHERE host_id = 2 AND comm != '' AND ${day} GROUP BY comm, service_port, peer_network ORDER BY bytes DESC, comm, service_port LIMIT 9`);
  const first = `toDateTime(${FIRST_S}, 'UTC')`;
  expect(await largest('rollup_1d', `start = ${first}`)).toEqual(await largest('rollup_1m FINAL', `toStartOfDay(minute) = ${first}`));
});

test('rows that come late are in their hour and day at the next pass, others stay as they are', async () => {
  await putLate(engine, FIRST_S + 3600, 1800, 50, 100_000);
  await putLate(engine, FIRST_S + 2 * DAY_S, 7200, 50, 200_000);
  // Pieces of five minutes of three hosts each, noted one more than they are, then hours and days, and hours of the accounting.
  expect(await upkeep.refresh(NOW_MS)).toBe(3 * (7 + 25) + (1 + 1 + 2 + 1) + 3);
  await expectEqualSums();
  expect(await upkeep.refresh(NOW_MS)).toBe(0);
  expect(await superseded()).toEqual([{ versions: 2 }]);
});

/** Pieces and versions in the tables beside the published ones. */
const superseded = () =>
  engine.query(`SELECT sum(n) AS versions FROM (
  SELECT uniqExact(start, version) - uniqExact(start) AS n FROM rollup_1h UNION ALL SELECT uniqExact(start, version) - uniqExact(start) FROM rollup_1d)`);

test('what has not ended is left to the minutes, and these to the rows', async () => {
  const hour_s = Math.floor(NOW_MS / 3_600_000 + 24) * 3600;
  await putRows(engine, hour_s, 60, 10, 300_000);
  const minutes = () =>
    engine.query(`SELECT sum(r.rolled_rows) AS rows FROM rollup_1m AS r FINAL WHERE minute >= toDateTime(${hour_s}, 'UTC')`);
  await upkeep.makeMinutes((hour_s + 300 + 119) * 1000);
  expect(await minutes()).toEqual([{ rows: 0 }]);
  await upkeep.makeMinutes((hour_s + 300 + 120) * 1000);
  expect(await minutes()).toEqual([{ rows: 70 }]);
  const before = await engine.query('SELECT count() AS n FROM rollup_version');
  await upkeep.refresh((hour_s + 3600 + 60) * 1000);
  expect(await engine.query(`SELECT count() AS n FROM rollup_1h WHERE start = toDateTime(${hour_s}, 'UTC')`)).toEqual([{ n: 0 }]);
  await upkeep.refresh((hour_s + 3600 + 180) * 1000);
  const built = await engine.query(`SELECT sum(rolled_rows) AS rows FROM rollup_1h WHERE start = toDateTime(${hour_s}, 'UTC')`);
  expect(built).toEqual([{ rows: 70 }]);
  expect(await engine.query('SELECT count() AS n FROM rollup_version')).not.toEqual(before);
});

test('versions that are read no more go, once nobody can be reading them', async () => {
  await upkeepOf(engine).refresh(NOW_MS + 20 * 60_000);
  await waitFor('the end of superseded versions', superseded, (found) => isDeepStrictEqual(found, [{ versions: 0 }]), 100);
  await expectEqualSums();
});

async function kill(child: ChildProcess, after_ms: number): Promise<void> {
  const exit = once(child, 'exit');
  await once(child.stdout ?? child, 'data');
  await sleep(after_ms);
  child.kill('SIGKILL');
  await exit;
}

test('killed anywhere in a pass, the next one leaves every sum exact', async () => {
  await engine.close();
  for (let round = 0; round < 2; round++) {
    const after_ms = Math.floor(Math.random() * 500);
    const script = join(import.meta.dirname, 'late-rows.ts');
    const child = spawn(process.execPath, [script, path, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await kill(child, after_ms);
    await open();
    await upkeep.refresh(NOW_MS);
    await expectEqualSums();
    await engine.close();
  }
  await open();
});

/** A figure by which a key stands out that has next to no traffic. */
const BESIDE_TRAFFIC: Record<Exclude<keyof typeof STANDS_OUT, 'by_traffic'>, (typeof FIGURE_NAMES)[number]> = {
  by_retransmissions: 'retrans_rto',
  by_trouble: 'failed',
  by_connections: 'opened',
  by_longest_turn: 'turn_max_us',
  by_longest_stall: 'stall_max_us',
};

test('a key that is among the largest by one measure only is kept', async () => {
  const minute = `toDateTime(${FIRST_S - 10 * DAY_S}, 'UTC')`;
  const put = (comm: string, figure: string, value: string, count: number) =>
    engine.command(
      `INSERT INTO rollup_1m (minute, host_id, comm, ${figure}) SELECT ${minute}, 77, ${comm}, ${value} FROM numbers(${count})`,
    );
  await put("concat('busy ', toString(number))", 'bytes_sent', '1000 + number', KEPT_BY_EACH + 10);
  for (const [measure, figure] of Object.entries(BESIDE_TRAFFIC)) await put(`'${measure}'`, figure, '5', 1);
  await engine.fill(buildPieces({ tier: '1h', version: 1n, where: 's.host_id = 77' }));
  const kept = await engine.query<{ comm: string }>(
    "SELECT comm FROM rollup_1h WHERE host_id = 77 AND NOT others AND comm LIKE 'by%' ORDER BY comm",
  );
  expect(kept.map(({ comm }) => comm)).toEqual(Object.keys(BESIDE_TRAFFIC).sort());
  const busy = await engine.query<{ n: number }>("SELECT count() AS n FROM rollup_1h WHERE host_id = 77 AND comm LIKE 'busy%'");
  expect(busy).toEqual([{ n: KEPT_BY_EACH }]);
});
