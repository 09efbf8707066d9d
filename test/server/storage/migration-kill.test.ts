// Migrations killed anywhere: a database that an earlier version filled comes out as if nobody had disturbed it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KIND } from '../../../bpf/rows/rows.gen.ts';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { MIGRATIONS, migrate } from '../../../server/storage/migrations.ts';
import type { Engine } from '../../../server/storage/store.ts';
import { DAY_S, FIRST_S, putRows } from './tier-sums.ts';

const KILLS = 8;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-migration-kill-'));
const filled = join(directory, 'filled');
let undisturbed: unknown;
let migration_ms = 0;

/** Rows, accounts and rollups, each added up. */
async function contents(engine: Engine): Promise<unknown> {
  const rows = KIND.map((kind) => `SELECT '${kind}' AS what, toString(count()) AS sums FROM ${kind}`);
  const accounting = `SELECT concat(outcome, toString(minute)) AS what, toString(sum(rows)) AS sums FROM accounting FINAL GROUP BY outcome, minute`;
  const stored = `SELECT concat('stored ', kind) AS what, toString(sum(rows)) AS sums FROM stored GROUP BY kind`;
  const rollup = "SELECT 'rollup' AS what, toString((sum(bytes_sent), sum(opened), sumMap(rtt))) AS sums FROM rollup_1m";
  const tables =
    'SELECT name AS what, toString(sipHash64(create_table_query)) AS sums FROM system.tables WHERE database = currentDatabase()';
  const reports = "SELECT 'report' AS what, toString(uniqExact(at)) AS sums FROM report";
  const steps = 'SELECT toString(number) AS what, checksum AS sums FROM migration FINAL';
  return engine.query(
    `SELECT * FROM (${[...rows, accounting, stored, rollup, tables, reports, steps].join(' UNION ALL ')}) ORDER BY what, sums`,
  );
}

async function using<Result>(path: string, work: (engine: Engine) => Promise<Result>): Promise<Result> {
  const engine = await openEmbeddedEngine({ path });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

beforeAll(async () => {
  await using(filled, async (engine) => {
    await migrate(engine, MIGRATIONS.slice(0, 3));
    await putRows(engine, FIRST_S, 3 * DAY_S, 2000);
    await engine.command(`INSERT INTO account_history (host_id, epoch, kind, at, seen, sent)
SELECT number % 3, 1, 'sample', toDateTime64(${FIRST_S} + number * 20, 3, 'UTC'), number * 10, number * 9 FROM numbers(5000)`);
  });
  const reference = join(directory, 'reference');
  cpSync(filled, reference, { recursive: true });
  undisturbed = await using(reference, async (engine) => {
    const began = performance.now();
    await migrate(engine);
    migration_ms = performance.now() - began;
    return contents(engine);
  });
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Null if it was killed. */
async function migrateUntil(path: string, after_ms: number): Promise<number | null> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'migrate-once.ts'), path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  await once(child.stdout, 'data');
  void sleep(after_ms).then(() => child.kill('SIGKILL'));
  const [code] = await exit;
  return code;
}

test(`a migration killed ${KILLS} times carries the same over as one that was not`, async () => {
  const path = join(directory, 'killed');
  cpSync(filled, path, { recursive: true });
  const moments: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const after_ms = Math.floor(Math.random() * migration_ms);
    moments.push(after_ms);
    // A run that got to its end before its time leaves nothing to kill: begin again.
    if ((await migrateUntil(path, after_ms)) !== null) {
      rmSync(path, { recursive: true });
      cpSync(filled, path, { recursive: true });
    }
  }
  const found = await using(path, async (engine) => {
    await migrate(engine);
    return contents(engine);
  });
  expect(found, `killed after ${moments.join(', ')} ms`).toEqual(undisturbed);
});
