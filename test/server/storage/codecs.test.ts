// What an earlier version has made is written with this version's codecs from now on, and without statistics that nobody reads.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { migrate } from '../../../server/storage/migrations.ts';

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

test('a table of an engine that began to make statistics makes none', async () => {
  await engine.command('ALTER TABLE drop RESET SETTING auto_statistics_types');
  expect(await alterations()).toEqual(['drop MODIFY SETTING auto_statistics_types']);
  const [table] = await engine.query<{ statement: string }>(
    "SELECT create_table_query AS statement FROM system.tables WHERE database = currentDatabase() AND name = 'drop'",
  );
  expect(table?.statement).toContain("auto_statistics_types = ''");
});
