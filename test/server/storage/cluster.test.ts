// The statements that --cluster makes of all the others. No server with Keeper can run here: the engine parses each, and runs
// them with plain engines in place of the replicated ones, so that tables, views and names fit together.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KIND } from '../../../bpf/rows/rows.gen.ts';
import { onCluster, SHARDED } from '../../../server/storage/cluster.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { fillStatement } from '../../../server/storage/fill.ts';
import { MIGRATIONS, migrate } from '../../../server/storage/migrations.ts';
import { upkeepOf } from '../../../server/storage/upkeep.ts';

const CLUSTER = 'fleet';
const directory = mkdtempSync(join(tmpdir(), 'tcplens-cluster-'));
let engine: Engine;
/** Every statement that makes this version's tables, as for one server. */
const given: string[] = [];

beforeAll(async () => {
  engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
  const noted: Engine = {
    ...engine,
    define: async (statement) => {
      given.push(engine.place(statement));
      for (const one of onCluster(engine.place(statement), CLUSTER)) await engine.command(onOneServer(one));
    },
  };
  await migrate(noted);
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

/** Plain engines for replicated ones; in place of what reads all shards, what reads the one. Inserts go straight there. */
function onOneServer(statement: string): string {
  const insert = /^INSERT INTO (\w+)/.exec(statement)?.[1] ?? '';
  return statement
    .replaceAll(` ON CLUSTER ${CLUSTER}`, '')
    .replace(/Replicated(\w*MergeTree)\('[^']*', '[^']*'(?:, )?/, '$1(')
    .replace(
      /ENGINE = Distributed\(\w+, currentDatabase\(\), (\w+), cityHash64\(host_id\)\)/,
      (_, local: string) => `ENGINE = Merge(currentDatabase(), '^${local}$')`,
    )
    .replace(/^INSERT INTO \w+/, `INSERT INTO ${SHARDED.has(insert) ? `${insert}_local` : insert}`);
}

test('the engine can parse each of them, and none makes a table of one server only', async () => {
  expect(given.length).toBeGreaterThan(KIND.length + MIGRATIONS.flatMap(({ statements }) => statements).length);
  for (const statement of given) {
    for (const one of onCluster(statement, CLUSTER)) {
      await engine.query(`SELECT formatQuery({sql:String}) AS sql`, { sql: one });
      if (!one.startsWith('INSERT ')) expect(one).toContain(` ON CLUSTER ${CLUSTER}`);
      expect(one).not.toMatch(/ENGINE = (?!Replicated)\w*MergeTree|\bnon_replicated_/);
      if (/\bMergeTree\(|Replicated/.test(one)) expect(one).toMatch(/Replicated\w*MergeTree\('\/clickhouse\/tables\//);
    }
  }
});

test('rows that enter the local tables are added up, counted, and read above them', async () => {
  await engine.command(
    'INSERT INTO sample_local (time_ns, host_id, data_segs_out, sequence) SELECT now64(9), number % 2, 1, number FROM numbers(10)',
  );
  await engine.command('INSERT INTO namespace_local (time_ns, host_id, unattributed) SELECT now64(9), 1, 3');
  expect(await engine.query('SELECT count() AS n FROM sample')).toEqual([{ n: 10 }]);
  const command = (sql: string) => engine.command(onOneServer(sql));
  await upkeepOf({ ...engine, command, fill: (filling) => command(fillStatement(filling)) }).makeMinutes(Date.now() + 3_600_000);
  expect(await engine.query('SELECT sum(data_segs_out) AS n, sum(host_unattributed) AS u FROM rollup_1m FINAL')).toEqual([{ n: 10, u: 3 }]);
  expect(await engine.query('SELECT sum(rows) AS n FROM stored FINAL')).toEqual([{ n: 11 }]);
});

type Case = { name: string; statement: string; becomes: string[] };
const cases: Case[] = [
  {
    name: 'a sharded table',
    statement:
      'CREATE TABLE IF NOT EXISTS stored (\n  a UInt8\n) ENGINE = AggregatingMergeTree\nORDER BY a\nSETTINGS ttl_only_drop_parts = 1',
    becomes: [
      "CREATE TABLE IF NOT EXISTS stored_local ON CLUSTER fleet (\n  a UInt8\n) ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')\nORDER BY a\nSETTINGS ttl_only_drop_parts = 1",
      'CREATE TABLE IF NOT EXISTS stored ON CLUSTER fleet AS stored_local\nENGINE = Distributed(fleet, currentDatabase(), stored_local, cityHash64(host_id))',
    ],
  },
  {
    name: 'a table that every server has whole',
    statement: 'CREATE TABLE IF NOT EXISTS host (\n  a UInt8\n) ENGINE = ReplacingMergeTree(at)\nORDER BY a',
    becomes: [
      "CREATE TABLE IF NOT EXISTS host ON CLUSTER fleet (\n  a UInt8\n) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{table}', '{shard}-{replica}', at)\nORDER BY a",
    ],
  },
  {
    name: 'a column more',
    statement: 'ALTER TABLE sample ADD COLUMN IF NOT EXISTS a UInt8',
    becomes: [
      'ALTER TABLE sample_local ON CLUSTER fleet ADD COLUMN IF NOT EXISTS a UInt8',
      'CREATE OR REPLACE TABLE sample ON CLUSTER fleet AS sample_local\nENGINE = Distributed(fleet, currentDatabase(), sample_local, cityHash64(host_id))',
    ],
  },
  {
    name: 'a day less',
    statement: "ALTER TABLE sample DROP PARTITION '2026-01-01' SETTINGS max_partition_size_to_drop = 0",
    becomes: ["ALTER TABLE sample_local ON CLUSTER fleet DROP PARTITION '2026-01-01' SETTINGS max_partition_size_to_drop = 0"],
  },
  {
    name: 'a view',
    statement: 'CREATE MATERIALIZED VIEW IF NOT EXISTS v TO stored AS\nSELECT count() FROM sample',
    becomes: ['CREATE MATERIALIZED VIEW IF NOT EXISTS v ON CLUSTER fleet TO stored_local AS\nSELECT count() FROM sample_local AS sample'],
  },
  { name: 'a view less', statement: 'DROP VIEW IF EXISTS v SYNC', becomes: ['DROP VIEW IF EXISTS v ON CLUSTER fleet SYNC'] },
  { name: 'a sharded table emptied', statement: 'TRUNCATE TABLE stored', becomes: ['TRUNCATE TABLE stored_local ON CLUSTER fleet'] },
  {
    name: 'a table less',
    statement: 'DROP TABLE IF EXISTS account SYNC',
    becomes: ['DROP TABLE IF EXISTS account ON CLUSTER fleet SYNC'],
  },
  { name: 'rows', statement: 'INSERT INTO stored SELECT 1', becomes: ['INSERT INTO stored SELECT 1'] },
];

describe('what becomes of', () => {
  test.each(cases)('$name', ({ statement, becomes }) => {
    expect(onCluster(statement, CLUSTER)).toEqual(becomes);
  });
  test('a statement of a new form, an error', () => {
    expect(() => onCluster('EXCHANGE TABLES a AND b', CLUSTER)).toThrow('nobody has said');
  });
});
