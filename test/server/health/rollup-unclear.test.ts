// A rollup that is neither whole nor short of exactly one segment, after a crash and on a server (the HTTP front over the embedded
// engine): nobody can tell yet, which is said and counted, and asked again until it can be told.
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Health } from '../../../server/api/health.ts';
import { openClickHouse } from '../../../server/storage/clickhouse-store.ts';
import { type Front, startFront } from '../storage/front-process.ts';
import { EPOCH, HOST, HOST_HEX, nowNs, rowsOf } from '../support/agent.ts';
import { newCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { openSmallLog } from '../support/small-log.ts';

const ROWS = 20;
const DAY_NS = 86_400_000_000_000n;

let directory: TestDirectory;
let front: Front;
beforeAll(async () => {
  directory = await testDirectory();
  front = await startFront(join(directory.path, 'server'));
});
afterAll(async () => {
  await front.end('SIGTERM');
  await directory.remove();
});

/** A segment that has waited for so long that no server knows its token. */
async function leaveSegment(data: string, times_ns: readonly bigint[]): Promise<void> {
  const log = await openSmallLog(join(data, 'log'));
  for (const [batch, time_ns] of times_ns.entries()) {
    const rows = rowsOf('sample', ROWS, (index) => ({ time_ns: time_ns + BigInt(index), connection_id: index + 1, data_segs_out: 1 }));
    await log.append({ host_id: HOST_HEX, epoch: EPOCH, sequence: batch + 1, kind: 'sample', lane: 'live', rows });
  }
  await log.close();
  const folder = join(data, 'log', 'sample');
  const old = new Date(Date.now() - 3_600_000);
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), old, old);
}

test('what nobody can tell yet is told, and is found out once it can be', async () => {
  const data = join(directory.path, 'collector');
  const minute_ns = (nowNs() / 60_000_000_000n - 30n) * 60_000_000_000n - DAY_NS;
  // The rows of the second day must not wait for the first one's answer.
  await leaveSegment(data, [minute_ns, minute_ns + DAY_NS]);
  const store = await openClickHouse({ url: front.url, database: 'tcplens' });
  await store.migrate();
  const client = createClient({ url: front.url, database: 'tcplens' });
  // Somebody's insert of the same minute and host, of which the rows cannot be seen yet.
  await client.command({
    query: `INSERT INTO rollup_1m (minute, host_id, rolled_rows, data_segs_out) VALUES (${minute_ns / 1_000_000_000n}, ${HOST}, 7, 7)`,
  });
  const collector = newCollector(data, { clickhouse: `${front.url}/tcplens` });
  const url = await collector.start();
  const health = async () => (await (await fetch(`${url}/api/v1/health`)).json()) as Health;
  const unclear = ({ findings }: Health) => findings.filter(({ code }) => code === 'rollup_unclear').length;
  await collector.fill();
  const said = await until(health, (seen) => unclear(seen) === 1);
  expect(said.figures.rollups_unclear.segments).toBe(1);
  expect(said.findings.map(({ code }) => code)).not.toContain('store_refuses');
  expect(await store.query('SELECT count() AS rows FROM sample')).toEqual([{ rows: 2 * ROWS }]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^tcplens_collector_rollup_unclear\{?.*\}? 1$/m);
  expect(metrics).toMatch(/^tcplens_collector_rollup_comparisons_unclear_total\{?.*\}? [1-9]/m);
  expect(metrics).toMatch(new RegExp(`^tcplens_collector_log_late_rows\\{?.*\\}? ${2 * ROWS}$`, 'm'));
  expect(metrics).toMatch(/^tcplens_collector_log_late_size(_bytes)?\{?.*\}? [1-9]/m);
  await client.command({ query: 'ALTER TABLE rollup_1m DELETE WHERE rolled_rows = 7 SETTINGS mutations_sync = 1' });
  await until(health, (seen) => unclear(seen) === 0 && seen.figures.log.bytes === 0);
  expect(await store.query('SELECT sum(data_segs_out) AS rolled, (SELECT count() FROM sample) AS rows FROM rollup_1m')).toEqual([
    { rolled: 2 * ROWS, rows: 2 * ROWS },
  ]);
  await collector.stop(10_000);
  await client.close();
  await store.close();
});
