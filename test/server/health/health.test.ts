// Troubles made for real, and what GET /api/v1/health and /metrics say of them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Health } from '../../../server/api/health.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { engineState } from '../../../server/storage/queries/engine-state.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { segmentBytes } from '../../support/segment-bytes.ts';
import { nowNs, postBatch, postReport, report, rowsOf } from '../support/agent.ts';
import { newCollector, startCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';

let directory: TestDirectory;
beforeEach(async () => {
  directory = await testDirectory();
});
/** Newest first: what a test has opened. One engine may be open at a time. */
let opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.toReversed()) await close();
  opened = [];
  await directory.remove();
});

async function collecting(): Promise<string> {
  const { url, stop } = await startCollector(directory.path);
  opened.push(stop);
  return url;
}

const ask = async (url: string): Promise<Health> => (await fetch(`${url}/api/v1/health`)).json() as Promise<Health>;
const codes = ({ findings }: Health) => findings.map(({ code }) => code);

test('a collector at work says what its engine does, and finds nothing wrong', async () => {
  const url = await collecting();
  await postReport(url, report());
  for (let sequence = 1; sequence <= 3; sequence++) await postBatch(url, 'sample', sequence, rowsOf('sample', 100));
  const seen = await until(
    () => ask(url),
    // What the store has is looked at first.
    ({ figures }) => figures.inserts.rows === 300 && figures.store?.parts.some(({ table }) => table === 'sample') === true,
  );
  expect(seen.findings.filter(({ code }) => code !== 'disk_filling')).toEqual([]);
  expect(seen.figures.store?.parts).toContainEqual(expect.objectContaining({ table: 'sample' }));
  expect(seen.figures.store?.disks[0]?.total_bytes).toBeGreaterThan(0);
  expect(seen.figures).toMatchObject({ hosts_known: 1, hosts: [], store_reason: '' });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^tcplens_collector_store_up(_ratio)?\{?.*\}? 1$/m);
  expect(metrics).toMatch(/^tcplens_collector_store_parts\{.*table="sample".*\} \d+$/m);
});

test('rows put aside, a clock that is ahead and losses are told', async () => {
  for (const folder of ['quarantine', 'dead-letter']) mkdirSync(join(directory.path, folder), { recursive: true });
  const row = rowBytes('sample', { time_ns: nowNs() });
  writeFileSync(join(directory.path, 'quarantine', 'sample-1-1.rows'), Buffer.concat([row, row]));
  writeFileSync(join(directory.path, 'dead-letter', 'sample-1-2.rows'), segmentBytes([row], { epoch: '00000000000000e1', sequence: 1 }));
  const url = await collecting();
  const minute_ms = Math.floor(Date.now() / 60_000) * 60_000;
  const told = (outcome: 'seen' | 'ring_lost', rows: number) => ({ epoch: '00000000000000e1', minute_ms, kind: 'sample', outcome, rows });
  await postReport(url, report({ at_ms: Date.now() + 2 * 3_600_000, accounting: [told('seen', 10), told('ring_lost', 4)] }));
  const seen = await until(
    () => ask(url),
    (health) => (['quarantine', 'dead_letters', 'clock_skew', 'hosts_losing'] as const).every((code) => codes(health).includes(code)),
  );
  expect(seen.figures).toMatchObject({ quarantine: { files: 1, rows: 2 }, dead_letters: { files: 1, rows: 1 } });
  expect(seen.findings.find(({ code }) => code === 'hosts_losing')?.sentence).toBe('1 host lost 4 rows within the hour: web-1.');
});

test('a store that is being opened is no trouble', async () => {
  const collector = newCollector(directory.path);
  const url = await collector.start();
  opened.push(() => collector.stop(5000));
  const seen = await ask(url);
  expect(codes(seen)).not.toContain('store_away');
  expect(seen.figures).toMatchObject({ store: null, store_reason: 'the store is being opened', away_since_ms: null });
});

test('a store that does not answer is the first thing that is said', async () => {
  const collector = newCollector(directory.path, { clickhouse: 'http://127.0.0.1:9/tcplens' });
  const url = await collector.start();
  const filling = collector.fill().catch(() => undefined);
  opened.push(
    () => filling,
    () => collector.stop(5000),
  );
  const seen = await until(
    () => ask(url),
    ({ findings }) => findings.length > 0,
  );
  expect(seen.findings[0]).toMatchObject({ code: 'store_away', severity: 'critical' });
  expect(seen.figures.store).toBeNull();
});

test('the engine tells of parts, of a change that cannot succeed, and of its errors', async () => {
  const engine = await openEmbeddedEngine({ path: join(directory.path, 'engine') });
  opened.push(() => engine.close());
  const began_ms = Date.now() - 1000;
  await migrate(engine);
  await engine.command('SYSTEM STOP MERGES sample');
  // One time for all: midnight may come between two of them.
  const time = `toDateTime64('${new Date().toISOString().slice(0, 19)}', 9, 'UTC')`;
  for (let part = 0; part < 7; part++) {
    await engine.command(`INSERT INTO sample (time_ns, host_id) SELECT ${time}, 1 SETTINGS async_insert = 0, insert_deduplicate = 0`);
  }
  await engine.command('INSERT INTO drop (time_ns, host_id) SELECT now64(9), 1');
  await engine.command("ALTER TABLE drop UPDATE length = throwIf(1, 'never') WHERE 1 SETTINGS mutations_sync = 0");
  const seen = await until(
    () => engineState(engine, began_ms),
    ({ mutations, errors }) => mutations.some(({ reason }) => reason !== '') && errors.length > 0,
  );
  expect(seen.parts[0]).toMatchObject({ table: 'sample', parts: 7, rows: 7 });
  expect(seen.mutations).toEqual([expect.objectContaining({ table: 'drop', parts_to_do: 1, reason: expect.stringContaining('never') })]);
  expect(seen.errors).toContainEqual(expect.objectContaining({ error: 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO' }));
  expect(seen.parts_refuse).toBeGreaterThan(seen.parts_delay);
});
