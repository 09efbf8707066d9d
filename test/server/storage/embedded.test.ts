// What only the engine inside the process can get wrong: paths, and its directory.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS } from '../../../server/limits.ts';
import { openEmbedded, openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Store } from '../../../server/storage/store.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { segmentBytes } from '../../support/segment-bytes.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-embedded-'));
const path = join(directory, 'engine');
let store: Store;
beforeAll(async () => {
  store = await openEmbedded({ path });
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

async function insertFrom(name: string): Promise<void> {
  mkdirSync(join(directory, name));
  const segment = join(directory, name, '1.rows');
  const row = rowBytes('sample', { time_ns: BigInt(Date.now()) * 1_000_000n, host_id: 1 });
  writeFileSync(segment, segmentBytes([row], { epoch: '00000000000000e1', sequence: 1 }));
  await store.insertSegment({ kind: 'sample', path: segment, rows: 1 });
}
const stored = async () => (await store.query<{ n: number }>('SELECT count() AS n FROM sample'))[0]?.n;

test.each(["it's", 'back\\slash', 'a b', 'größe', "');--", '%20', '$(x)', '[ab]'])(
  'reads a segment from a directory named %s',
  async (name) => {
    const before = (await stored()) ?? 0;
    await insertFrom(name);
    expect(await stored()).toBe(before + 1);
  },
);

test('a question does not wait for what is being inserted', async () => {
  const engine = await openEmbeddedEngine({ path });
  const ended: string[] = [];
  await engine.command('CREATE TABLE slow (n UInt64) ENGINE = Memory');
  const inserting = engine
    .command('INSERT INTO slow SELECT sleepEachRow(0.5) FROM numbers(6) SETTINGS max_block_size = 1')
    .then(() => ended.push('insert'));
  await engine.query('SELECT 1').then(() => ended.push('question'));
  await inserting;
  expect(ended).toEqual(['question', 'insert']);
  expect(await engine.query('SELECT count() AS n FROM slow')).toEqual([{ n: 6 }]);
  await engine.command('DROP TABLE slow SYNC');
  await engine.close();
});

test('its caches have the limits that README prints', async () => {
  const caches = ['mark_cache_size', 'query_condition_cache_size', 'compiled_expression_cache_size'];
  const settings = await store.query<{ bytes: number }>(
    `SELECT toUInt64(value) AS bytes FROM system.server_settings WHERE name IN (${caches.map((name) => `'${name}'`)}) ORDER BY value`,
  );
  const limits = [LIMITS.engine_marks, LIMITS.engine_conditions, LIMITS.engine_compiled];
  expect(new Set(settings.map(({ bytes }) => bytes))).toEqual(new Set(limits.map(({ number }) => number)));
});

test.each([
  { rows: 100_000, type: 'Compact' },
  { rows: 140_000, type: 'Wide' },
])(
  'a part of $rows rows with 20 MB or more is $type: its merges take one column after the other, or have one file',
  async ({ rows, type }) => {
    const engine = await openEmbeddedEngine({ path });
    await engine.command('CREATE TABLE part (n UInt64, text String) ENGINE = MergeTree ORDER BY n');
    await engine.command(
      `INSERT INTO part SELECT number, randomPrintableASCII(200) FROM numbers(${rows}) SETTINGS max_block_size = ${rows}, min_insert_block_size_rows = ${rows}`,
    );
    expect(await engine.query("SELECT part_type AS type FROM system.parts WHERE table = 'part' AND active", {}, 10)).toEqual([{ type }]);
    await engine.command('DROP TABLE part SYNC');
    await engine.close();
  },
);

test('settings that lie in the directory where it is started are not read', () => {
  const elsewhere = join(directory, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(
    join(elsewhere, 'config.xml'),
    '<clickhouse><merge_tree><max_parts_in_total>7</max_parts_in_total></merge_tree></clickhouse>',
  );
  const module = JSON.stringify(join(import.meta.dirname, '../../../server/storage/embedded.ts'));
  const question = "SELECT value FROM system.merge_tree_settings WHERE name = 'max_parts_in_total'";
  const script = `import(${module}).then(async ({ openEmbeddedEngine }) => {
    const engine = await openEmbeddedEngine({ path: ${JSON.stringify(join(elsewhere, 'engine'))} });
    console.log(JSON.stringify(await engine.query(${JSON.stringify(question)})));
    await engine.close();
  })`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', cwd: elsewhere });
  expect(JSON.parse(stdout), stderr).not.toEqual([{ value: '7' }]);
});

test.each(['a*', 'b?', '{c,d}'])('refuses a path that the engine would take as a pattern: %s', async (name) => {
  const before = await stored();
  await expect(insertFrom(name)).rejects.toMatchObject({
    code: 'store_segment_unreadable',
    message: expect.stringContaining('another data directory'),
  });
  expect(await stored()).toBe(before);
});

test('a second process cannot open the directory, and is told why', () => {
  const module = JSON.stringify(join(import.meta.dirname, '../../../server/storage/embedded.ts'));
  const script = `import(${module}).then(({ openEmbedded }) => openEmbedded({ path: ${JSON.stringify(path)} })).catch(({ code, message }) => console.log(code, message))`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(stdout).toContain('store_unavailable The embedded engine cannot open');
  expect(stdout).toContain('Is another collector using it?');
});
