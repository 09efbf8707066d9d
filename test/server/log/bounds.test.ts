// Everything that the log keeps has an end, and says so when it gets there.
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { REAL_DISK } from '../../../agent/durable/disk.ts';
import { BatchSpans } from '../../../server/log/batch-spans.ts';
import { BoundedFiles } from '../../../server/log/bounded-files.ts';
import { Cursors } from '../../../server/log/cursors.ts';
import { Log } from '../../../server/log/log.ts';
import { full } from '../../../server/log/log-refusal.ts';
import { Losses } from '../../../server/log/losses.ts';
import { ASIDE } from '../../../server/log/recovered.ts';

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

const id = (host: string, sequence: number, kind = 'sample') => ({ host_id: host, epoch: '00000000000000ee', kind, sequence });

test('the run unheard of for longest is forgotten first', () => {
  const cursors = new Cursors({ runs_max: 2, ranges_max: 1000 });
  cursors.add(id('a', 1));
  cursors.add(id('b', 1));
  cursors.add(id('a', 2));
  cursors.add(id('c', 1));
  expect(['a', 'b', 'c'].map((host) => cursors.verdict(id(host, 1)))).toEqual(['stored', 'new', 'stored']);
});

test('kinds are counted apart: one that is never taken leaves no gaps in the others', () => {
  const cursors = new Cursors({ runs_max: 2, ranges_max: 3 });
  for (let sequence = 1; sequence <= 1000; sequence++) for (const kind of ['sample', 'drop']) cursors.add(id('a', sequence, kind));
  expect([...cursors.states()].map(({ kind, ranges }) => [kind, ranges])).toEqual([
    ['sample', [[1, 1000]]],
    ['drop', [[1, 1000]]],
  ]);
  expect(cursors.verdict(id('a', 5, 'connection'))).toBe('new');
});

test('whoever leaves the most gaps pays for all', () => {
  const cursors = new Cursors({ runs_max: 10, ranges_max: 20 });
  cursors.add(id('b', 1));
  cursors.add(id('b', 3));
  for (let sequence = 1; sequence <= 41; sequence += 2) cursors.add(id('a', sequence));
  expect([cursors.verdict(id('b', 2)), cursors.verdict(id('a', 2)), cursors.verdict(id('a', 40))]).toEqual(['new', 'too_old', 'new']);
  const restored = new Cursors({ runs_max: 10, ranges_max: 20 });
  for (const state of cursors.states()) restored.restore(state);
  expect([...restored.states()]).toEqual([...cursors.states()]);
});

test('the oldest files go for newer ones, and are counted', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tcplens-kept-'));
  directories.push(directory);
  let dropped = 0;
  const kept = new BoundedFiles(REAL_DISK, join(directory, 'kept'), 'run', { bytes_max: 4000, file_bytes_max: 1000 }, (files) => {
    dropped += files;
  });
  await kept.open();
  for (let file = 1; file <= 10; file++) {
    await kept.append(new Map([['sample', [Buffer.alloc(1000, file)]]]));
    // Their times tell which is older: an hour apart.
    await utimes(join(directory, 'kept', `sample-run-${file}.rows`), file * 3600, file * 3600);
  }
  await kept.makeRoom(1000);
  const files = await readdir(join(directory, 'kept'));
  expect(files.sort()).toEqual(['sample-run-10.rows', 'sample-run-8.rows', 'sample-run-9.rows']);
  expect(dropped).toBe(7);
  for (const file of files) expect((await stat(join(directory, 'kept', file))).size).toBe(1000);
  await kept.close();
});

test('what damage leaves aside is bounded too: the oldest goes at a start, and is counted', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tcplens-aside-'));
  directories.push(directory);
  const log = join(directory, 'log');
  // A folder there is somebody's who looked at it.
  await mkdir(join(log, ASIDE, 'looked-at'), { recursive: true });
  await utimes(join(log, ASIDE, 'looked-at'), 1, 1);
  for (let file = 1; file <= 5; file++) {
    await writeFile(join(log, ASIDE, `sample-${file}.rows`), Buffer.alloc(1000, file));
    await utimes(join(log, ASIDE, `sample-${file}.rows`), file * 3600, file * 3600);
  }
  // This start sets the journal aside, whose lines are none.
  await writeFile(join(log, 'journal'), 'x'.repeat(900));
  let dropped = 0;
  const started = new Log({
    directory: log,
    quarantine: join(directory, 'quarantine'),
    dead_letter: join(directory, 'dead-letter'),
    segment_bytes_max: 1 << 20,
    log_bytes_max: 1 << 20,
    journal_bytes_max: 1 << 20,
    bounds: { bytes_max: 3000, file_bytes_max: 1000 },
    dropped: (files) => {
      dropped += files;
    },
  });
  await started.start();
  await started.close();
  expect((await readdir(join(log, ASIDE))).sort()).toEqual([
    expect.stringMatching(/^journal-/),
    'looked-at',
    'sample-4.rows',
    'sample-5.rows',
  ]);
  expect(dropped).toBe(3);
});

test('Retry-After grows with how far the store is behind, to a minute, and is spread', () => {
  // So many that one of thirty equally likely values is never missing.
  const waits = (behind_s: number) => Array.from({ length: 2000 }, () => full(1, 1, behind_s).retry_after_s ?? 0);
  expect(Math.max(...waits(0))).toBe(1);
  expect(Math.max(...waits(60))).toBeGreaterThan(10);
  expect(Math.max(...waits(60))).toBeLessThanOrEqual(13);
  expect(Math.max(...waits(3600))).toBe(60);
  expect(new Set(waits(3600)).size).toBeGreaterThan(10);
});

test('batches of a segment come back as they were, in a few bytes each', () => {
  const batches = Array.from({ length: 1000 }, (_, index) => ({
    host_id: 'fedcba9876543210',
    epoch: '0000000000000001',
    sequence: 2 ** 52 + index,
    rows: index + 1,
    sent_rows: index + 9,
  }));
  const unknown = { host_id: '', epoch: '', sequence: 0, rows: 7, sent_rows: 0 };
  const spans = BatchSpans.of(batches);
  spans.pushUnknown(7);
  expect(BatchSpans.fromText(spans.toText()).list()).toEqual([...batches, unknown]);
  expect(spans.toText().length).toBeLessThan(1001 * 43);
  const [left, right] = spans.split(4);
  expect(left.list()).toEqual([batches[0], batches[1], { ...batches[2], rows: 1 }]);
  expect(right.list().slice(0, 2)).toEqual([{ ...batches[2], rows: 2 }, batches[3]]);
});

const LOST = {
  host_id: 'a',
  epoch: 'e',
  kind: 'sample',
  sequence: 3,
  sent_rows: 9,
  outcome: 'dead_letter' as const,
  reporter: '',
  minute_ms: 60_000,
};

test('what is lost is told until the store has it, and kept while more of its batch may be', () => {
  const losses = new Losses();
  losses.add({ ...LOST, segment: 'r-1.0', rows: 2 });
  losses.add({ ...LOST, segment: 'r-1.0', rows: 2 });
  losses.stored(losses.unstored());
  losses.forgetStored(new Set(['r-1']));
  // Another piece of the segment had other rows of the batch.
  losses.add({ ...LOST, segment: 'r-1.1', rows: 3 });
  expect(losses.unstored()).toEqual([{ ...LOST, rows: 5 }]);
  losses.stored(losses.unstored());
  losses.forgetStored(new Set(['r-2']));
  expect([losses.size, losses.unstored()]).toEqual([0, []]);
});

test('a batch that was sent again and lost again is lost once', () => {
  const losses = new Losses();
  for (const segment of ['r-1', 'r-2']) losses.add({ ...LOST, segment, rows: 2 });
  for (let sent = 0; sent < 2; sent++) losses.add({ ...LOST, outcome: 'quarantined', segment: '', rows: 4 });
  expect(losses.unstored().map(({ outcome, rows }) => [outcome, rows])).toEqual([
    ['dead_letter', 2],
    ['quarantined', 4],
  ]);
});

test('what came between being asked and being told is told again', () => {
  const losses = new Losses();
  losses.add({ ...LOST, segment: 'r-1.0', rows: 2 });
  const asked = losses.unstored();
  losses.add({ ...LOST, segment: 'r-1.1', rows: 1 });
  losses.stored(asked);
  expect(losses.unstored()).toEqual([{ ...LOST, rows: 3 }]);
});
