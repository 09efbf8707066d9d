// A journal that is not as it was left, and files that it does not tell of: what was acknowledged is still given to the store, and nothing
// goes that is not understood.
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { TornDisk } from '../../agent/durable/torn-disk.ts';
import { batchOf, fill, kindOf, logIn, newDirectory, open, rowsGiven, segmentFiles, strideOf } from './filled-log.ts';

const lineAt = (text: Buffer, share: number) => text.indexOf('\n', Math.floor(text.length * share)) + 1;

const journals: [name: string, become: (journal: Buffer) => Buffer | undefined][] = [
  ['missing', () => undefined],
  ['empty', () => Buffer.alloc(0)],
  ['zeros', (journal) => Buffer.alloc(journal.length)],
  ['garbage', (journal) => Buffer.from(journal.map((byte, at) => (byte * 31 + at * 17) & 0xff))],
  ['one line of text', () => Buffer.from('not a journal\n')],
  ['zeros in its second half', (journal) => Buffer.concat([journal.subarray(0, journal.length / 2), Buffer.alloc(journal.length / 2)])],
  ['cut within a line', (journal) => journal.subarray(0, lineAt(journal, 0.3) + 5)],
  ['cut between lines', (journal) => journal.subarray(0, lineAt(journal, 0.3))],
  ['its first line alone', (journal) => journal.subarray(0, lineAt(journal, 0))],
  ['without its first line', (journal) => journal.subarray(lineAt(journal, 0))],
  [
    'without a line in its middle',
    (journal) => Buffer.concat([journal.subarray(0, lineAt(journal, 0.3)), journal.subarray(lineAt(journal, 0.5))]),
  ],
];

test.each(journals)('a journal that is %s: every acknowledged row that waits is given, none is named lost', async (_name, become) => {
  const directory = await newDirectory();
  const waiting = await fill(directory);
  const path = join(directory, 'log', 'journal');
  const journal = become(await readFile(path));
  if (journal === undefined) await rm(path);
  else await writeFile(path, journal);
  // And once more, from what that start has made of it.
  for (let start = 0; start < 2; start++) {
    const { log, recovered } = await open(directory);
    expect(await rowsGiven(log)).toEqual(waiting);
    expect([log.losses.unstored(), recovered.unknown_bytes, recovered.set_aside]).toEqual([[], 0, []]);
    expect(recovered.closed_journal).toBe(start > 0);
    await log.close();
  }
});

test.each(['cut out', 'cut off'])(
  'rows of a segment whose removal was in a line that is %s may be stored, and are not counted as lost',
  async (how) => {
    const directory = await newDirectory();
    const log = logIn(directory);
    await log.start();
    await log.append(batchOf(1));
    await log.seal();
    const [one] = log.sealed;
    if (one === undefined) throw new Error('a segment was sealed');
    await log.retire(one.segment);
    await log.close();
    const path = join(directory, 'log', 'journal');
    const lines = (await readFile(path, 'utf8')).split('\n');
    const at = lines.findIndex((line) => line.includes('"inserted"'));
    expect(at).toBeGreaterThan(0);
    await writeFile(path, (how === 'cut off' ? [...lines.slice(0, at), ''] : lines.toSpliced(at, 1)).join('\n'));
    const second = await open(directory);
    expect(second.recovered.missing_unclear).toEqual([{ segment: `${one.kind}/${one.segment}`, rows: 2 }]);
    expect(second.log.losses.unstored()).toEqual([]);
    await second.log.close();
  },
);

test('a segment that nobody tells of gives its sound batches; what is none is kept, and counted by its bytes', async () => {
  const directory = await newDirectory();
  const waiting = await fill(directory);
  const [path = ''] = await segmentFiles(directory);
  const junk = Buffer.alloc(1000, 0x5a);
  const bytes = await readFile(path);
  await writeFile(path, Buffer.concat([junk, bytes.subarray(0, 3 * strideOf(kindOf(path))), bytes, junk]));
  await writeFile(join(directory, 'log', 'journal'), '');
  const { log, recovered } = await open(directory);
  expect(await rowsGiven(log)).toEqual(waiting);
  expect(recovered.unknown_bytes).toBeGreaterThanOrEqual(2 * junk.length);
  const aside = join(directory, 'log', 'aside');
  const [kept = ''] = (await readdir(aside)).filter((name) => name.endsWith('.rows'));
  expect((await readFile(join(aside, kept))).subarray(0, junk.length)).toEqual(junk);
  await log.close();
});

test('what the store has is not named lost, however damaged the file is that comes back', async () => {
  const directory = await newDirectory();
  const gone: [path: string, bytes: Buffer][] = [];
  const waiting = await fill(directory, async (path) => void gone.push([path, await readFile(path)]));
  expect(gone).toHaveLength(2);
  for (const [path, bytes] of gone) await writeFile(path, bytes.fill(0x77, 0, bytes.length / 2));
  const { log } = await open(directory);
  expect(await rowsGiven(log)).toEqual(waiting);
  expect(log.losses.unstored()).toEqual([]);
  for (const [path] of gone) expect(await segmentFiles(directory)).not.toContain(path);
  await log.close();
});

test('a file of rows that the store has does not come back once the journal has forgotten it', async () => {
  const directory = await newDirectory();
  // Names that were not flushed are all taken back.
  const disk = new TornDisk(directory, { faults: [], random: [0] });
  const log = logIn(directory, disk);
  await log.start();
  await log.append(batchOf(1));
  await log.seal();
  const [one] = log.sealed;
  if (one === undefined) throw new Error('a segment was sealed');
  await log.retire(one.segment);
  // Of the other kind: a new segment of the same one flushes its folder.
  for (let sequence = 2; sequence <= 120; sequence += 2) await log.append(batchOf(sequence));
  expect(await readFile(join(directory, 'log', 'journal'), 'utf8')).not.toContain(one.segment);
  const left = await newDirectory();
  disk.powerCut(left);
  expect((await segmentFiles(left)).filter((path) => path.includes(one.segment))).toEqual([]);
});

test('what is not the log’s own stays where it is and is named', async () => {
  const directory = await newDirectory();
  const waiting = await fill(directory);
  const [path = ''] = await segmentFiles(directory);
  const folder = dirname(path);
  await writeFile(join(folder, 'notes.txt'), 'mine');
  await writeFile(join(folder, 'old.rows'), 'another version’s');
  await mkdir(join(directory, 'log', 'tunnel'));
  for (let start = 0; start < 2; start++) {
    const { log, recovered } = await open(directory);
    expect(recovered.foreign.sort()).toEqual([join(basename(folder), 'notes.txt'), join(basename(folder), 'old.rows'), 'tunnel']);
    expect(await rowsGiven(log)).toEqual(waiting);
    await log.close();
  }
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
});

test('rows of a layout that nobody knows are kept, and named by their bytes', async () => {
  const directory = await newDirectory();
  const waiting = await fill(directory);
  const [path = ''] = await segmentFiles(directory);
  const other = path.replace(/\.[0-9a-f]{12}\.rows$/, '.0123456789ab.rows');
  await writeFile(other, await readFile(path));
  await appendFile(other, 'more');
  const { log, recovered } = await open(directory);
  expect(await rowsGiven(log)).toEqual(waiting);
  expect(recovered.set_aside).toHaveLength(1);
  expect(recovered.unknown_bytes).toBe((await readFile(path)).length + 4);
  await log.close();
});
