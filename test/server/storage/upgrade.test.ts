// A database that an earlier tcplens made: what the first version stored is there and answers as before; what came before the first
// version is not touched, and a person is told what to do.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openEmbedded, openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { storeOn } from '../../../server/storage/engine-store.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { overview } from '../../../server/storage/queries/overview.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { segmentBytes } from '../../support/segment-bytes.ts';
import { DAY_S, FIRST_S, putRows, sumsOf } from './tier-sums.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-upgrade-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What the first version made, as its engine told it. Recorded: this file never changes. */
const FIRST = readFileSync(join(import.meta.dirname, 'schema-1.sql'), 'utf8')
  .split(/;\n\n?/)
  .filter((statement) => statement !== '');

async function using<Result>(name: string, work: (engine: Engine) => Promise<Result>): Promise<Result> {
  const engine = await openEmbeddedEngine({ path: join(directory, name) });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}
const tables = (engine: Engine) =>
  engine.query('SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name LIMIT 100', {}, 100);

test('what the first version stored is carried on', async () => {
  await using('first', async (engine) => {
    for (const statement of FIRST) await engine.command(statement);
    await engine.command("INSERT INTO migration (number, name, checksum) VALUES (1, 'tables', '768ae8a510aec2ea')");
    await putRows(engine, FIRST_S, 2 * DAY_S, 2000);
    const store = storeOn(engine);
    await store.migrate();
    await store.upkeep.makeMinutes(Date.now());
    await store.upkeep.refresh(Date.now());
    const { rows, ...rollups } = await sumsOf(engine, FIRST_S, FIRST_S + 3 * DAY_S);
    expect(rows).toMatchObject({ total_rolled_rows: 7 * 2000 });
    for (const rollup of Object.values(rollups)) expect(rollup).toEqual(rows);
    const { tiles } = await overview(store, { from: FIRST_S * 1000, to: (FIRST_S + 2 * DAY_S) * 1000 }, Date.now());
    expect(tiles.data_segs_out).toBe(3 * 2000);
    const path = join(directory, '1.rows');
    writeFileSync(
      path,
      segmentBytes([rowBytes('sample', { time_ns: BigInt(Date.now()) * 1_000_000n, host_id: 9 })], {
        epoch: '00000000000000e1',
        sequence: 1,
      }),
    );
    await store.insertSegment({ kind: 'sample', path, rows: 1 });
    expect(await engine.query('SELECT count() AS n FROM sample FINAL', {}, 1)).toEqual([{ n: 2001 }]);
  });
});

test('a database from before the first version is not touched, and the message says what to do', async () => {
  await using('before', async (engine) => {
    await engine.command(
      'CREATE TABLE migration (number UInt32, name String, checksum String, applied_at DateTime64(3) DEFAULT now64(3)) ENGINE = ReplacingMergeTree ORDER BY number',
    );
    await engine.command(
      "INSERT INTO migration (number, name, checksum) VALUES (1, 'entities', '0053f2abed56420e'), (2, 'rollup_1m', '263dcd21ea865c73')",
    );
    await engine.command('CREATE TABLE sample (time_ns DateTime64(9), host_id UInt64) ENGINE = MergeTree ORDER BY time_ns');
    const before = await tables(engine);
    await expect(migrate(engine)).rejects.toMatchObject({
      code: 'store_migration_changed',
      message: expect.stringMatching(/Nothing was changed\. Run the (version|newer tcplens).*/),
    });
    expect(await tables(engine)).toEqual(before);
  });
  const store = await openEmbedded({ path: join(directory, 'before') });
  await expect(store.migrate()).rejects.toMatchObject({ code: 'store_migration_changed' });
  await store.close();
});
