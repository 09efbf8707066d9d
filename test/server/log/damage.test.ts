// Bytes that changed where they lay: a start goes on, gives the store no row that is not as it was sent, and counts the rows that it can
// no longer give.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startedOrDead, TornDisk } from '../../agent/durable/torn-disk.ts';
import { tries } from '../../support/tries.ts';
import { EPOCH, HOST_HEX } from '../support/agent.ts';
import { fill, kindOf, logIn, newDirectory, open, rowsGiven, rowsOfBatch, segmentFiles, strideOf } from './filled-log.ts';
import { identified } from './stored-rows.ts';

/** Sequences of the batches of which a byte is not as it was. */
function changedBatches(before: Buffer, after: Buffer, path: string): number[] {
  const kind = kindOf(path);
  const stride = strideOf(kind);
  return identified(before, kind)
    .filter((_, row) => before.compare(after, row * stride, (row + 1) * stride, row * stride, (row + 1) * stride) !== 0)
    .map(({ sequence }) => sequence);
}

type Flip = { file: number; at: number; bit: number };
const flips = fc.array(fc.record({ file: fc.nat(), at: fc.double({ min: 0, max: 0.9999, noNaN: true }), bit: fc.nat({ max: 7 }) }), {
  minLength: 1,
  maxLength: 3,
});

async function flip(paths: readonly string[], { file, at, bit }: Flip): Promise<void> {
  const path = paths[file % paths.length] ?? '';
  const bytes = await readFile(path);
  const index = Math.floor(at * bytes.length);
  bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
  await writeFile(path, bytes);
}

async function checkSegments(some: readonly Flip[]): Promise<void> {
  const directory = await newDirectory();
  const waiting = await fill(directory);
  const segments = await segmentFiles(directory);
  const before = new Map(await Promise.all(segments.map(async (path) => [path, await readFile(path)] as const)));
  for (const one of some) await flip(segments, one);
  const damaged = new Set<number>();
  for (const [path, bytes] of before) for (const sequence of changedBatches(bytes, await readFile(path), path)) damaged.add(sequence);
  const { log, recovered } = await open(directory);
  const rows = await rowsGiven(log);
  for (const [name, row] of rows) expect([name, row]).toEqual([name, waiting.get(name)]);
  const lost = log.losses.unstored();
  for (const { host_id, epoch, outcome, reporter } of lost)
    expect([host_id, epoch, outcome, reporter]).toEqual([HOST_HEX, EPOCH, 'log_damaged', '']);
  expect(lost.map(({ sequence, rows }) => [sequence, rows]).sort()).toEqual(
    [...damaged].map((sequence) => [sequence, rowsOfBatch(sequence)]).sort(),
  );
  expect(rows.size + lost.reduce((sum, entry) => sum + entry.rows, 0)).toBe(waiting.size);
  expect(recovered.unknown_bytes).toBe(0);
  await log.close();
}

test('batches that are damaged are set aside and counted to the row, those beside them are given', async () => {
  await fc.assert(fc.asyncProperty(flips, checkSegments), tries(25));
});

test('a damaged journal loses no row of files that are whole, and names none as lost', async () => {
  const check = async (some: readonly Flip[]) => {
    const directory = await newDirectory();
    const waiting = await fill(directory);
    for (const one of some) await flip([join(directory, 'log', 'journal')], one);
    const { log } = await open(directory);
    expect(await rowsGiven(log)).toEqual(waiting);
    expect(log.losses.unstored()).toEqual([]);
    await log.close();
  };
  await fc.assert(fc.asyncProperty(flips, check), tries(25));
});

test('without a journal rows of damaged batches are counted by what they say themselves, or their bytes are', async () => {
  const check = async (some: readonly Flip[]) => {
    const directory = await newDirectory();
    const waiting = await fill(directory);
    await writeFile(join(directory, 'log', 'journal'), '');
    for (const one of some) await flip(await segmentFiles(directory), one);
    const { log, recovered } = await open(directory);
    const rows = await rowsGiven(log);
    for (const [name, row] of rows) expect([name, row]).toEqual([name, waiting.get(name)]);
    const missing = [...waiting.keys()]
      .filter((name) => !rows.has(name))
      .map((name) => strideOf(name.includes('sample') ? 'sample' : 'retransmit'));
    const counted = log.losses.unstored().map((entry) => entry.rows * strideOf(entry.kind === 'sample' ? 'sample' : 'retransmit'));
    const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
    expect(sum(counted) + recovered.unknown_bytes).toBe(sum(missing));
    await log.close();
  };
  await fc.assert(fc.asyncProperty(flips, check), tries(25));
});

test.each(['whole', 'missing'])(
  'wherever a start with a damaged batch and a %s journal is cut short, the next one gives and counts the same',
  async (journal) => {
    for (let after = 1, ended = false; !ended; after++) {
      const directory = await newDirectory();
      const waiting = await fill(directory);
      const [path = ''] = await segmentFiles(directory);
      const bytes = await readFile(path);
      bytes[5] = (bytes[5] ?? 0) ^ 1;
      await writeFile(path, bytes);
      if (journal === 'missing') await writeFile(join(directory, 'log', 'journal'), '');
      const lost = rowsOfBatch(bytes.readUInt32LE(0) >> 3);
      const disk = new TornDisk(directory, { faults: [{ after, fault: 'crash' }], random: [0.9, 0.1, 0.5] });
      await startedOrDead(logIn(directory, disk).start(), disk);
      ended = !disk.dead;
      const left = await newDirectory();
      disk.powerCut(left);
      const { log } = await open(left);
      const rows = await rowsGiven(log);
      expect([after, rows.size, log.losses.unstored().map((entry) => [entry.outcome, entry.rows])]).toEqual([
        after,
        waiting.size - lost,
        [['log_damaged', lost]],
      ]);
      await log.close();
    }
  },
);
