// What an earlier version has made is written with this version's codecs from now on, and without statistics that nobody reads.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { openFront } from './backends.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-codecs-'));
let engine: Engine;
beforeAll(async () => {
  engine = await openEmbeddedEngine({ path: directory });
  await migrate(engine);
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

/** Migrates; returns what was altered. */
async function alterations(): Promise<string[]> {
  const defined: string[] = [];
  await migrate({
    ...engine,
    define: async (statement) => {
      defined.push(statement);
      await engine.define(statement);
    },
  });
  return defined.flatMap((statement) => /^ALTER TABLE (\w+ MODIFY (?:COLUMN|SETTING) \w+)/.exec(statement)?.[1] ?? []);
}

const codecOf = async (table: string, name: string) => {
  const [column] = await engine.query<{ codec: string }>(
    'SELECT compression_codec AS codec FROM system.columns WHERE table = {table:String} AND name = {name:String}',
    { table, name },
  );
  return column?.codec;
};

test('what is as it should be is left alone', async () => {
  expect(await alterations()).toEqual([]);
});

test('columns of the sorting key and others get the codec of this version', async () => {
  const before = await codecOf('sample', 'connection_id');
  await engine.command('ALTER TABLE sample MODIFY COLUMN connection_id CODEC(LZ4)');
  await engine.command('ALTER TABLE sample MODIFY COLUMN srtt_us CODEC(NONE)');
  expect(await alterations()).toEqual(['sample MODIFY COLUMN connection_id', 'sample MODIFY COLUMN srtt_us']);
  expect(await codecOf('sample', 'connection_id')).toBe(before);
  expect(before).toContain('DoubleDelta');
});

test('the embedded engine makes no statistics, and no table has to be told', async () => {
  expect(await engine.query("SELECT value FROM system.merge_tree_settings WHERE name = 'auto_statistics_types'")).toEqual([{ value: '' }]);
  expect(await engine.query("SELECT name FROM system.tables WHERE create_table_query LIKE '%auto_statistics%'")).toEqual([]);
});

test('a server that makes them is told of each table, once', async () => {
  const { store, close } = await openFront();
  const told =
    "SELECT count() AS tables FROM system.tables WHERE name = 'drop' AND create_table_query LIKE '%auto_statistics_types = \\'\\'%'";
  expect(await store.query("SELECT value != '' AS makes FROM system.merge_tree_settings WHERE name = 'auto_statistics_types'")).toEqual([
    { makes: 1 },
  ]);
  expect(await store.query(told)).toEqual([{ tables: 1 }]);
  await close();
});
