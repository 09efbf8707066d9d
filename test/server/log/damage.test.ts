// Bytes that changed where they lay: a start goes on, gives the store no row that is not as it was sent and none twice, and counts
// the rows that it can no longer give.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { HEAD_AT, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import type { Batch } from '../../../server/log/group.ts';
import { Log } from '../../../server/log/log.ts';
import { EPOCH_UNKNOWN } from '../../../server/log/losses.ts';
import { tries } from '../../support/tries.ts';
import { EPOCH, HOST, HOST_HEX } from '../support/agent.ts';
import { TornFiles } from './torn-files.ts';

const LIMITS = { segment_bytes_max: 8 * KINDS.sample.size, log_bytes_max: 1 << 24, journal_bytes_max: 4000 };
const USED = ['sample', 'retransmit'] as const satisfies readonly Kind[];
/** As many as make two snapshots and the lines after them. */
const BATCHES = 40;

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

async function open(directory: string): Promise<Log> {
  const log = new Log({
    directory: join(directory, 'log'),
    quarantine: join(directory, 'quarantine'),
    dead_letter: join(directory, 'dead-letter'),
    ...LIMITS,
  });
  await log.start();
  return log;
}

function batchOf(sequence: number): Batch {
  const kind = USED[sequence % 2] ?? 'sample';
  const { size } = KINDS[kind];
  const rows = Buffer.alloc(((sequence % 3) + 1) * size);
  for (let at = 0; at < rows.length; at += size) {
    rows.writeUInt32LE(sequence * 8 + at / size, at);
    rows.writeBigUInt64LE(HOST, at + HEAD_AT.host_id);
  }
  return { host_id: HOST_HEX, epoch: EPOCH, sequence, kind, lane: sequence % 3 === 0 ? 'late' : 'live', rows };
}

/** A log with batches that wait, in segments of which the first two have been inserted. Returns the rows that wait. */
async function fill(directory: string): Promise<Set<string>> {
  const log = await open(directory);
  const batches = Array.from({ length: BATCHES }, (_, index) => batchOf(index + 1));
  for (const batch of batches) await log.append(batch);
  await log.seal();
  const waiting = new Set(batches.flatMap(({ rows, kind }) => rowsIn(rows, kind)));
  for (const { segment, path, kind } of log.sealed.slice(0, 2)) {
    for (const row of rowsIn(await readFile(path), kind)) waiting.delete(row);
    await log.retire(segment);
  }
  await log.close();
  return waiting;
}

function rowsIn(bytes: Buffer, kind: Kind): string[] {
  const { size } = KINDS[kind];
  return Array.from({ length: bytes.length / size }, (_, row) => `${kind} ${bytes.toString('hex', row * size, (row + 1) * size)}`);
}

/** Sequences of the batches of which a row is not as it was. */
function changedBatches(before: Buffer, after: Buffer, path: string): number[] {
  const { size } = KINDS[path.includes('/sample/') ? 'sample' : 'retransmit'];
  const rows = Array.from({ length: before.length / size }, (_, row) => row * size);
  return rows.filter((at) => before.compare(after, at, at + size, at, at + size) !== 0).map((at) => before.readUInt32LE(at) >> 3);
}

async function given(log: Log): Promise<string[]> {
  await log.seal();
  const rows = await Promise.all(log.sealed.map(async ({ path, kind }) => rowsIn(await readFile(path), kind)));
  return rows.flat();
}

type Flip = { file: number; at: number; bit: number };

async function check(flips: readonly Flip[], inJournal: boolean): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tcplens-damage-'));
  directories.push(directory);
  const waiting = await fill(directory);
  const folder = join(directory, 'log');
  const segments = (
    await Promise.all(USED.map(async (kind) => (await readdir(join(folder, kind))).map((name) => join(folder, kind, name))))
  ).flat();
  const before = new Map(await Promise.all(segments.map(async (path) => [path, await readFile(path)] as const)));
  for (const { file, at, bit } of flips) {
    const path = inJournal ? join(folder, 'journal') : (segments[file % segments.length] ?? '');
    const bytes = await readFile(path);
    const index = Math.floor(at * bytes.length);
    bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
    await writeFile(path, bytes);
  }
  const damaged = new Set<number>();
  for (const [path, bytes] of before) for (const sequence of changedBatches(bytes, await readFile(path), path)) damaged.add(sequence);
  const log = await open(directory);
  const rows = await given(log);
  expect(new Set(rows).size).toBe(rows.length);
  expect(rows.filter((row) => !waiting.has(row))).toEqual([]);
  for (const aside of log.losses.asides()) log.losses.decide(aside, true);
  const lost = log.losses.untold();
  for (const { host_id, epoch, outcome } of lost) {
    expect([host_id, outcome]).toEqual([HOST_HEX, 'log_damaged']);
    expect(inJournal ? [EPOCH, EPOCH_UNKNOWN] : [EPOCH]).toContain(epoch);
  }
  const counted = lost.reduce((sum, entry) => sum + entry.rows, 0);
  if (inJournal) expect(rows.length + counted).toBeLessThanOrEqual(waiting.size);
  else {
    expect(rows.length + counted).toBe(waiting.size);
    expect(counted).toBe([...damaged].reduce((sum, sequence) => sum + (sequence % 3) + 1, 0));
  }
  await log.close();
}

const flips = fc.array(fc.record({ file: fc.nat(), at: fc.double({ min: 0, max: 0.9999, noNaN: true }), bit: fc.nat({ max: 7 }) }), {
  minLength: 1,
  maxLength: 3,
});

test('batches that are damaged are set aside and counted to the row, those beside them are given', async () => {
  await fc.assert(
    fc.asyncProperty(flips, (some) => check(some, false)),
    tries(25),
  );
});

test('a damaged journal loses no more than it must, and gives nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(flips, (some) => check(some, true)),
    tries(25),
  );
});

test('wherever a start with a damaged batch is cut short, the next one gives and counts the same', async () => {
  for (let after = 1, ended: unknown = 'crashed'; ended === 'crashed'; after++) {
    const directory = await mkdtemp(join(tmpdir(), 'tcplens-damage-'));
    directories.push(directory);
    const waiting = await fill(directory);
    const [name = ''] = await readdir(join(directory, 'log', 'sample'));
    const path = join(directory, 'log', 'sample', name);
    const bytes = await readFile(path);
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const lost = ((bytes.readUInt32LE(0) >> 3) % 3) + 1;
    const files = new TornFiles(directory, { faults: [{ after, fault: 'crash' }], random: [0.9, 0.1, 0.5] });
    const beside = { quarantine: join(directory, 'quarantine'), dead_letter: join(directory, 'dead-letter') };
    const cut = new Log({ directory: join(directory, 'log'), ...beside, ...LIMITS, files });
    ended = await Promise.race([cut.start(), files.crashed]);
    const left = await mkdtemp(join(tmpdir(), 'tcplens-damage-'));
    directories.push(left);
    files.powerCut(left);
    const log = await open(left);
    for (const aside of log.losses.asides()) log.losses.decide(aside, true);
    const rows = await given(log);
    expect([after, new Set(rows).size, log.losses.untold().map((entry) => [entry.outcome, entry.rows])]).toEqual([
      after,
      waiting.size - lost,
      [['log_damaged', lost]],
    ]);
    await log.close();
  }
});
