// A report beside long statements: an agent waits for its answer, so it waits for the statement that runs, and not for one before each table.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { insertReports, namesOf } from '../../../server/storage/entities.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { until } from '../support/collector.ts';
import { report, toldOf } from './report.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-report-turn-'));
let engine: Engine;
beforeAll(async () => {
  engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
  await migrate(engine);
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

/** A statement that lasts for as long as nobody ends it. */
function lasting() {
  const stop = new AbortController();
  const filling = {
    into: 'stored (minute, host_id, kind, version, rows)',
    select: "SELECT toDateTime(sleepEachRow(1), 'UTC'), number, 'sample', 1, 1 FROM numbers(3600) SETTINGS max_block_size = 1",
  };
  let has_ended = false;
  const ended = engine.fill(filling, { id: `lasting-${Math.random()}`, left: stop.signal }).then(
    () => undefined,
    () => {
      has_ended = true;
    },
  );
  return { stop: () => stop.abort(), ended, hasEnded: () => has_ended };
}

const running = () => engine.query<{ n: number }>("SELECT count() AS n FROM system.processes WHERE query LIKE 'INSERT INTO stored%'");

test('a report waits for one statement', async () => {
  const at_ms = Date.now();
  const one = [{ ...report({ at_ms }), accounting: toldOf('sample', { seen: 5, sent: 5 }, at_ms) }];
  const names = namesOf(engine);
  // New names are read by dictionaries, which are one statement more.
  await insertReports(engine, one, names);
  const first = lasting();
  await until(running, ([found]) => found?.n === 1);
  const stored = insertReports(engine, one, names);
  const second = lasting();
  first.stop();
  await stored;
  expect([first.hasEnded(), second.hasEnded()]).toEqual([true, false]);
  second.stop();
  await second.ended;
});
