// SIGKILL between and during inserts: whatever had been stored is not stored again, and the rest is not lost.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, expect, test } from 'vitest';
import { openEmbedded, openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { rollupSelect } from '../../../server/storage/rollup.ts';
import type { Segment } from '../../../server/storage/store.ts';
import { insertUnsettled } from '../../../server/storage/unsettled.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { batchOf } from './backends.ts';

const ROWS = 5000;
const SEGMENTS = 12;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-crash-'));
afterAll(() => rmSync(directory, { recursive: true }));

function segmentsOf(name: string): Segment[] {
  const now_ns = BigInt(Date.now()) * 1_000_000n;
  return Array.from({ length: SEGMENTS }, (_, index) => {
    const path = join(directory, `${name}-${index}.rows`);
    const rows = Array.from({ length: ROWS }, (__, i) =>
      rowBytes('sample', { time_ns: now_ns - BigInt(i), host_id: 1, connection_id: i, data_segs_out: 1, comm: `p${i % 50}` }),
    );
    writeFileSync(path, Buffer.concat(rows));
    return { kind: 'sample', path, rows: ROWS, token: `${name}/${index}`, batches: [batchOf(index + 1, ROWS)] };
  });
}

/** Runs the loop and kills it `after` so many segments were acknowledged, at once or a little into the next insert. */
async function killedAfter(engine: string, segments: readonly Segment[], after: number, into_ms: number): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'insert-loop.ts'), engine, JSON.stringify(segments)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let done = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    done += chunk.toString().split('\n').length - 1;
    if (done >= after) setTimeout(() => child.kill('SIGKILL'), into_ms);
  });
  await once(child, 'close');
  return done;
}

test('a killed collector that inserts its segments again has each row once', async () => {
  const engine = join(directory, 'engine');
  const segments = segmentsOf('a');
  for (const [after, into_ms] of [
    [1, 0],
    [3, 4],
    [5, 9],
  ] as const) {
    expect(await killedAfter(engine, segments, after, into_ms)).toBeGreaterThanOrEqual(after);
  }
  const store = await openEmbedded({ path: engine });
  await store.migrate();
  const [kept] = await store.query<{ n: number }>('SELECT count() AS n FROM sample');
  expect(kept?.n).toBeGreaterThanOrEqual(5 * ROWS);
  for (const segment of segments) await store.insertSegment(segment);
  expect(await store.query('SELECT count() AS n, uniqExact(connection_id) AS connections FROM sample')).toEqual([
    { n: SEGMENTS * ROWS, connections: ROWS },
  ]);
  expect(await store.query('SELECT sum(data_segs_out) AS n FROM rollup_1m')).toEqual([{ n: SEGMENTS * ROWS }]);
  await store.close();
});

test('a segment that reached its table and not the rollup is completed by the retry', async () => {
  const engine = await openEmbeddedEngine({ path: join(directory, 'half') });
  await migrate(engine);
  const [segment] = segmentsOf('b');
  if (!segment) throw new Error('no segment');
  // As a crash between the two leaves it: the rows are there, the view's are not.
  await engine.command('DROP VIEW rollup_1m_from_sample');
  await engine.insertSegment(segment);
  await engine.command(`CREATE MATERIALIZED VIEW rollup_1m_from_sample TO rollup_1m AS ${rollupSelect('sample')}`);
  for (let retry = 0; retry < 2; retry++) await engine.insertSegment(segment);
  expect(await engine.query('SELECT count() AS n FROM sample')).toEqual([{ n: ROWS }]);
  expect(await engine.query('SELECT sum(data_segs_out) AS n FROM rollup_1m')).toEqual([{ n: ROWS }]);
  await engine.close();
});

type Case = { name: string; stored: boolean; harm: string; after_retry: { rows: number; rolled: number; counted: number } };

/** What a kill can leave behind. A token is noted just before its part appears: without the part, a retry stores nothing. */
const left: Case[] = [
  { name: 'nothing', stored: false, harm: 'DROP TABLE IF EXISTS nothing', after_retry: { rows: ROWS, rolled: ROWS, counted: ROWS } },
  { name: 'all of it', stored: true, harm: 'DROP TABLE IF EXISTS nothing', after_retry: { rows: ROWS, rolled: ROWS, counted: ROWS } },
  {
    name: 'a token without rows',
    stored: true,
    harm: 'ALTER TABLE sample DELETE WHERE 1 SETTINGS mutations_sync = 1',
    after_retry: { rows: 0, rolled: ROWS, counted: ROWS },
  },
  {
    name: 'a token without the rollup',
    stored: true,
    harm: 'ALTER TABLE rollup_1m DELETE WHERE 1 SETTINGS mutations_sync = 1',
    after_retry: { rows: ROWS, rolled: 0, counted: ROWS },
  },
  {
    name: 'a token without the count',
    stored: true,
    harm: 'ALTER TABLE stored DELETE WHERE 1 SETTINGS mutations_sync = 1',
    after_retry: { rows: ROWS, rolled: ROWS, counted: 0 },
  },
];

test('whatever a kill has left, an unsettled segment is stored once', async () => {
  const engine = await openEmbeddedEngine({ path: join(directory, 'unsettled') });
  await migrate(engine);
  const held = async () => {
    const [found] = await engine.query(
      'SELECT (SELECT count() FROM sample) AS rows, (SELECT sum(data_segs_out) FROM rollup_1m) AS rolled, (SELECT sum(rows) FROM stored) AS counted',
    );
    return found;
  };
  for (const { name, stored, harm, after_retry } of left) {
    for (const table of ['sample', 'rollup_1m', 'stored']) await engine.command(`TRUNCATE TABLE ${table}`);
    const [segment] = segmentsOf(name.replaceAll(' ', '-'));
    if (!segment) throw new Error('no segment');
    if (stored) await engine.insertSegment(segment);
    await engine.command(harm);
    await engine.insertSegment(segment);
    expect(await held(), `${name}: a retry with the token`).toEqual(after_retry);
    for (let start = 0; start < 2; start++) {
      await insertUnsettled(engine, [segment]);
      expect(await held(), name).toEqual({ rows: ROWS, rolled: ROWS, counted: ROWS });
    }
  }
  await engine.close();
});
