// Statements of upkeep beside inserts of rows, on the real engine: while one insert follows the other none of them waits for a statement,
// and when they do not end the statement runs all the same.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { migrate } from '../../../server/storage/migrations.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { segmentBytes } from '../../support/segment-bytes.ts';

/** Longer than a statement waits where nothing is behind. */
const BEHIND_MS = 7000;

const directory = mkdtempSync(join(tmpdir(), 'tcplens-give-way-'));
let engine: Engine;
let sequence = 0;
beforeAll(async () => {
  engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
  await migrate(engine);
});
afterAll(async () => {
  await engine.close();
  rmSync(directory, { recursive: true });
});

async function insert(is_behind = false): Promise<void> {
  const path = join(directory, `${++sequence}.rows`);
  const rows = [rowBytes('reset', { time_ns: BigInt(Date.now()) * 1_000_000n, host_id: 1 })];
  writeFileSync(path, segmentBytes(rows, { epoch: '00000000000000e1', sequence }));
  await engine.insertSegment({ kind: 'reset', path, rows: 1, is_behind });
}

const fill = () =>
  engine.fill({ into: 'stored (minute, host_id, kind, version, rows)', select: "SELECT now(), 1, 'reset', 1, 1" }).then(() => sequence);

/** Begins a statement beside an insert. */
async function fillBeside(is_behind: boolean) {
  const first = insert(is_behind);
  const told = { has_filled: false, filled: Promise.resolve(0) };
  told.filled = fill().finally(() => {
    told.has_filled = true;
  });
  await first;
  return told;
}

test('a statement waits for inserts that follow each other, and no longer than some seconds', async () => {
  const told = await fillBeside(false);
  // Inserts without an end: the statement comes among them.
  while (!told.has_filled) await insert();
  expect(await told.filled).toBeGreaterThan(10);
  const before = sequence;
  expect(await fill()).toBe(before);
});

test('while rows are behind it waits longer, until they are not', async () => {
  const told = await fillBeside(true);
  const until_ms = performance.now() + BEHIND_MS;
  while (performance.now() < until_ms) await insert(true);
  expect(told.has_filled).toBe(false);
  while (!told.has_filled) await insert();
  expect(await told.filled).toBeGreaterThan(10);
});
