// SIGKILL between and during inserts: whatever had been stored is inserted again, and each row is there once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, expect, test } from 'vitest';
import { openEmbedded, openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Segment } from '../../../server/storage/engine.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { segmentBytes } from '../../support/segment-bytes.ts';

const ROWS = 5000;
const SEGMENTS = 12;
/** Long enough ago that their minutes are made at once. */
const AT_NS = BigInt(Date.now() - 3_600_000) * 1_000_000n;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-crash-'));
afterAll(() => rmSync(directory, { recursive: true }));

function segmentsOf(name: string): Segment[] {
  return Array.from({ length: SEGMENTS }, (_, index) => {
    const path = join(directory, `${name}-${index}.rows`);
    const rows = Array.from({ length: ROWS }, (__, i) =>
      rowBytes('sample', { time_ns: AT_NS - BigInt(i), host_id: 1, connection_id: i, data_segs_out: 1, comm: `p${i % 50}` }),
    );
    writeFileSync(path, segmentBytes(rows, { epoch: '00000000000000aa', sequence: index + 1 }));
    return { kind: 'sample', path, rows: ROWS };
  });
}

/** Copies of rows stay: no merge makes one of them before they are counted. */
async function withoutMerges(path: string): Promise<void> {
  const engine = await openEmbeddedEngine({ path });
  await migrate(engine);
  await engine.command('ALTER TABLE sample MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1');
  await engine.close();
}

/** Runs the loop and kills it `after` so many segments were inserted, at once or a little into the next insert. */
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

test('a killed collector that inserts its segments again has each row once, in rows, minutes and counts', async () => {
  const engine = join(directory, 'engine');
  const segments = segmentsOf('a');
  await withoutMerges(engine);
  for (const [after, into_ms] of [
    [1, 0],
    [3, 4],
    [5, 9],
  ] as const) {
    expect(await killedAfter(engine, segments, after, into_ms)).toBeGreaterThanOrEqual(after);
  }
  const store = await openEmbedded({ path: engine });
  await store.migrate();
  const [kept] = await store.query<{ n: number; copies: number }>(
    'SELECT count() AS n, (SELECT count() FROM sample) AS copies FROM sample FINAL',
  );
  expect(kept?.n).toBeGreaterThanOrEqual(5 * ROWS);
  expect(kept?.copies).toBeGreaterThan(kept?.n ?? 0);
  await store.upkeep.makeMinutes(Date.now());
  for (const segment of segments) await store.insertSegment(segment);
  await store.noteLate(segments);
  await store.upkeep.refresh(Date.now());
  expect(await store.query('SELECT count() AS n, uniqExact(connection_id) AS connections FROM sample FINAL')).toEqual([
    { n: SEGMENTS * ROWS, connections: ROWS },
  ]);
  expect(await store.query('SELECT sum(data_segs_out) AS n FROM rollup_1m FINAL')).toEqual([{ n: SEGMENTS * ROWS }]);
  expect(await store.query('SELECT sum(rows) AS n FROM stored FINAL')).toEqual([{ n: SEGMENTS * ROWS }]);
  await store.close();
});
