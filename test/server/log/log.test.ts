// The log against a real file system: what is acknowledged is there after any crash, once; what is not, is not.
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { HEAD_AT, KIND, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { BATCH_COST_BYTES } from '../../../server/log/batch-spans.ts';
import type { Batch } from '../../../server/log/group.ts';
import { JOURNAL_FORMAT } from '../../../server/log/journal-record.ts';
import { type Lane, laneOf } from '../../../server/log/lane.ts';
import { Log } from '../../../server/log/log.ts';
import type { LogOptions } from '../../../server/log/log-options.ts';
import { ASIDE } from '../../../server/log/recovered.ts';
import { segmentOf } from '../../../server/log/segment-name.ts';
import { segmentRowBytes } from '../../../server/storage/segment-insert.ts';
import { journalText, unnumberedText } from '../../agent/durable/journal-text.ts';
import { runCommand } from '../../support/run-command.ts';

const MIB = 1024 * 1024;
const LIMITS = { segment_bytes_max: MIB, log_bytes_max: 16 * MIB, journal_bytes_max: MIB };
const directories: string[] = [];
const logs: Log[] = [];

afterEach(async () => {
  // Also those that a test has left as a crash would.
  for (const log of logs.splice(0)) await log.close();
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tcplens-log-'));
  directories.push(directory);
  return directory;
}

async function openLog(directory: string, limits: Partial<LogOptions> = {}) {
  const beside = { quarantine: join(directory, 'quarantine'), dead_letter: join(directory, 'dead-letter') };
  const log = new Log({ directory, ...beside, ...LIMITS, ...limits });
  logs.push(log);
  return { log, recovered: await log.start() };
}

/** Rows that say which batch they are of: the log does not look inside. */
function batch(
  sequence: number,
  { kind = 'state_change' as Kind, lane = 'live' as Lane, rows = 1, host_id = '00000000000000aa' } = {},
): Batch {
  return { host_id, epoch: '00000000000000ee', sequence, kind, lane, rows: Buffer.alloc(rows * KINDS[kind].size, sequence) };
}

/** The bytes of all segments that wait for the store, as the first byte of each row. */
async function sealedRows(log: Log): Promise<number[]> {
  const rows: number[] = [];
  for (const { path, kind, length } of log.sealed) {
    const bytes = await readFile(path);
    expect(bytes.length).toBe(length);
    for (let at = 0; at < bytes.length; at += segmentRowBytes(kind)) rows.push(bytes[at] ?? -1);
  }
  return rows.sort((a, b) => a - b);
}

test('many batches at once share a flush, and each is acknowledged once', async () => {
  const directory = await newDirectory();
  const { log } = await openLog(directory);
  const appended = Array.from({ length: 100 }, (_, index) => log.append(batch(index + 1, { kind: KIND[index % 4] ?? 'sample' })));
  expect(await Promise.all(appended)).toEqual(Array.from({ length: 100 }, () => ({ duplicate: false })));
  await log.seal();
  expect(await sealedRows(log)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  await log.close();
});

test('a batch sent again is known: while it is written, after, after a restart, and after its segment has gone', async () => {
  const directory = await newDirectory();
  const { log } = await openLog(directory);
  expect(await Promise.all([log.append(batch(1)), log.append(batch(1))])).toEqual([{ duplicate: false }, { duplicate: true }]);
  expect(await log.append(batch(1))).toEqual({ duplicate: true });
  await log.close();
  const second = await openLog(directory);
  expect(await second.log.append(batch(1))).toEqual({ duplicate: true });
  for (const { segment } of second.log.sealed) await second.log.retire(segment);
  await second.log.close();
  const third = await openLog(directory);
  expect(third.log.sealed).toEqual([]);
  expect(await third.log.append(batch(1))).toEqual({ duplicate: true });
  expect(await third.log.append(batch(1, { host_id: '00000000000000bb' }))).toEqual({ duplicate: false });
  await third.log.close();
});

// A crash leaves either rows that were not flushed, or half a line that was to name rows that were.
test.each([
  ['a segment', KINDS.state_change.size + 7, 0],
  ['the journal', 0, 35],
])('the torn tail of %s is cut; what was acknowledged stays', async (_name, rows, line) => {
  const directory = await newDirectory();
  const { log } = await openLog(directory);
  await log.append(batch(1));
  const [file] = await readdir(join(directory, 'state_change'));
  await appendFile(join(directory, 'state_change', file ?? ''), Buffer.alloc(rows, 2));
  await appendFile(join(directory, 'journal'), '0badcafe {"t":"batch","host_id":"00'.slice(0, line));
  const second = await openLog(directory);
  expect(second.recovered).toMatchObject({ torn_bytes: rows + line, damaged_lines: 0, set_aside: [], unknown_bytes: 0 });
  expect(second.log.losses.unstored()).toEqual([]);
  expect(await sealedRows(second.log)).toEqual([1]);
  expect(await second.log.append(batch(2))).toEqual({ duplicate: false });
  await second.log.seal();
  expect(await sealedRows(second.log)).toEqual([1, 2]);
  await second.log.close();
});

test.each<[string, (segment: string) => Promise<void>, string[]]>([
  ['changed', (segment) => writeFile(segment, Buffer.alloc(KINDS.state_change.size, 9)), ['state_change']],
  ['shorter', (segment) => truncate(segment, 5), ['state_change']],
  ['gone', (segment) => rm(segment), []],
])('a segment that is %s is set aside, named, and stops nothing', async (_name, damage, aside) => {
  const directory = await newDirectory();
  const { log } = await openLog(directory);
  await log.append(batch(1));
  await log.append(batch(2, { kind: 'sample' }));
  await log.close();
  const [file = ''] = await readdir(join(directory, 'state_change'));
  await damage(join(directory, 'state_change', file));
  const second = await openLog(directory);
  const lost = { host_id: '00000000000000aa', epoch: '00000000000000ee', kind: 'state_change', outcome: 'log_damaged', rows: 1 };
  expect(second.log.losses.unstored()).toMatchObject([lost]);
  expect(second.recovered.set_aside).toEqual([`state_change/${segmentOf('state_change', file)?.segment}`]);
  expect((await readdir(join(directory, ASIDE))).map((name) => name.split('-')[0])).toEqual(aside);
  expect(await sealedRows(second.log)).toEqual([2]);
  await second.log.close();
});

test('rows that another version laid out are set aside, whatever their length', async () => {
  const directory = await newDirectory();
  const { log } = await openLog(directory);
  await log.append(batch(1));
  const path = join(directory, 'journal');
  const [, line = ''] = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const record = JSON.parse(line.slice(line.indexOf('{')).replace(KINDS.state_change.schema, 'state_change/0123456789ab'));
  await writeFile(path, journalText(JOURNAL_FORMAT.format, [record]));
  const [file = ''] = await readdir(join(directory, 'state_change'));
  await rename(join(directory, 'state_change', file), join(directory, 'state_change', file.replace(/\.[0-9a-f]{12}\./, '.0123456789ab.')));
  const second = await openLog(directory);
  expect(second.recovered).toMatchObject({ damaged_lines: 0, segments: [], set_aside: [expect.stringMatching(/^state_change\//)] });
  expect((await readdir(join(directory, ASIDE))).filter((name) => name.endsWith('.rows'))).toHaveLength(1);
  await second.log.close();
});

test.each([
  ['an older version', unnumberedText([{ t: 'journal', run: 'r' }])],
  ['a later version', journalText('tcplens log 999', [])],
])('a log that %s wrote is left as it is, and the message says what to do', async (_what, text) => {
  const directory = await newDirectory();
  const log = join(directory, 'log');
  await mkdir(join(log, 'sample'), { recursive: true });
  await writeFile(join(log, 'journal'), text);
  await writeFile(join(log, 'sample', '1-a-1.rows'), 'rows of that version');
  const before = await readdir(directory, { recursive: true });
  const error = { code: 'log_of_other_version', message: expect.stringMatching(/start that version .* or give this one .* --data/) };
  const beside = { quarantine: join(directory, 'quarantine'), dead_letter: join(directory, 'dead-letter') };
  await expect(new Log({ directory: log, ...beside, ...LIMITS }).start()).rejects.toMatchObject(error);
  expect(await readdir(directory, { recursive: true })).toEqual(before);
  expect(await readFile(join(log, 'journal'), 'utf8')).toBe(text);
});

test('a journal with a damaged line keeps what the others say, and what files say that nobody names any more', async () => {
  const directory = await newDirectory();
  const { log } = await openLog(directory);
  await log.append(batch(1));
  await log.append(batch(2, { kind: 'sample' }));
  const path = join(directory, 'journal');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"sequence":1', '"sequence":7'));
  const second = await openLog(directory);
  expect(second.recovered.damaged_lines).toBe(1);
  expect(await sealedRows(second.log)).toEqual([1, 2]);
  // The journal itself.
  expect(await readdir(join(directory, ASIDE))).toHaveLength(1);
  await second.log.close();
});

test('the journal is replaced by a snapshot that says the same', async () => {
  const directory = await newDirectory();
  const { log } = await openLog(directory, { journal_bytes_max: 2000 });
  for (let sequence = 1; sequence <= 200; sequence++) if (sequence % 10 !== 0) await log.append(batch(sequence));
  expect((await stat(join(directory, 'journal'))).size).toBeLessThan(16_000);
  await log.close();
  const second = await openLog(directory);
  expect(await second.log.append(batch(199))).toEqual({ duplicate: true });
  expect(await second.log.append(batch(150))).toEqual({ duplicate: false });
  expect(await second.log.append(batch(150))).toEqual({ duplicate: true });
  await second.log.close();
});

test('names of segments are never used again', async () => {
  const directory = await newDirectory();
  const names = new Set<string>();
  for (let start = 1; start <= 5; start++) {
    const { log } = await openLog(directory);
    await log.append(batch(start));
    await log.seal();
    for (const { segment } of log.sealed) {
      expect(names.has(segment)).toBe(false);
      names.add(segment);
      await log.retire(segment);
    }
    await log.close();
  }
  expect(names.size).toBe(5);
});

test('a log that is full refuses, keeps what it has, and takes more once the store has caught up', async () => {
  const directory = await newDirectory();
  const { log } = await openLog(directory, { log_bytes_max: 10 * segmentRowBytes('state_change') + BATCH_COST_BYTES });
  await log.append(batch(1, { rows: 10 }));
  await expect(log.append(batch(2))).rejects.toMatchObject({ code: 'log_full', status: 429, retry_after_s: 1 });
  await log.seal();
  for (const { segment } of log.sealed) await log.retire(segment);
  expect(await log.append(batch(2))).toEqual({ duplicate: false });
  await log.close();
});

test('late batches have segments of their own, also after a split; what a start finds is late', async () => {
  const directory = await newDirectory();
  const { log } = await openLog(directory, { segment_bytes_max: 64 * MIB, log_bytes_max: 1024 * MIB });
  const rows = Math.floor((2 * MIB) / KINDS.state_change.size);
  for (let sequence = 1; sequence <= 20; sequence++) await log.append(batch(sequence, { lane: sequence % 2 ? 'late' : 'live', rows }));
  await log.seal();
  const bytesOf = (lane: Lane) => log.sealed.filter((segment) => segment.lane === lane).map(({ length }) => length);
  expect(bytesOf('live')).toEqual([10 * rows * segmentRowBytes('state_change')]);
  expect(bytesOf('late')).toEqual(bytesOf('live'));
  for (const { lane, batches } of log.sealed) {
    expect(new Set(batches.map(({ sequence }) => (sequence % 2 ? 'late' : 'live')))).toEqual(new Set([lane]));
  }
  const { segment: live = '' } = log.sealed.find(({ lane }) => lane === 'live') ?? {};
  const halves = await log.split(live);
  expect(log.sealed.filter(({ segment }) => halves.includes(segment)).map(({ lane }) => lane)).toEqual(['live', 'live']);
  const names = log.sealed.map(({ segment }) => segment).sort();
  await log.close();
  const second = await openLog(directory);
  expect(second.log.sealed.map(({ segment }) => segment).sort()).toEqual(names);
  expect(new Set(second.log.sealed.map(({ lane }) => lane))).toEqual(new Set(['late']));
  expect(await second.log.append(batch(1, { lane: 'live', rows }))).toEqual({ duplicate: true });
});

test('late batches are refused long before the log is full, live ones are taken all the same', async () => {
  const directory = await newDirectory();
  const { size } = KINDS.state_change;
  const { log } = await openLog(directory, { log_bytes_max: 100 * size });
  // One at least, however small the log is.
  await log.append(batch(1, { lane: 'late', rows: 30 }));
  await expect(log.append(batch(2, { lane: 'late' }))).rejects.toMatchObject({ code: 'log_full_late', status: 429, retry_after_s: 1 });
  expect(await log.append(batch(3, { rows: 30 }))).toEqual({ duplicate: false });
  await log.seal();
  for (const { segment, lane } of log.sealed) if (lane === 'late') await log.retire(segment);
  expect(await log.append(batch(2, { lane: 'late' }))).toEqual({ duplicate: false });
});

test.each([
  ['just cut', 1_000, 'live'],
  ['of a clock that is ahead', -240_000, 'live'],
  ['a minute old', 60_000, 'late'],
  ['a day old', 86_400_000, 'late'],
])('a batch whose first row is %s: %d ms, %s', (_name, age_ms, lane) => {
  const now_ms = Date.parse('2026-01-01T00:00:00Z');
  const rows = Buffer.alloc(KINDS.sample.size);
  rows.writeBigUInt64LE(BigInt(now_ms - age_ms) * 1_000_000n, HEAD_AT.time_ns);
  expect(laneOf(rows, now_ms)).toBe(lane);
  expect(laneOf(Buffer.alloc(0), now_ms)).toBe('live');
});

test('a disk that is full refuses with the reason, tears nothing, and takes more once there is space', async (ctx) => {
  const directory = await newDirectory();
  const mounted = runCommand('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tcplens-test', directory]);
  if (mounted.code !== 0) return ctx.skip(`cannot mount a small file system: ${mounted.stderr.trim()}`);
  try {
    const { log } = await openLog(directory);
    const ballast = join(directory, 'ballast');
    await log.append(batch(1));
    await writeFile(ballast, Buffer.alloc(200 * 1024));
    const rows = 600;
    await expect(log.append(batch(2, { rows }))).rejects.toMatchObject({ code: 'log_disk_full', status: 503 });
    expect(log.failure).toContain('full');
    await log.seal();
    expect(await sealedRows(log)).toEqual([1]);
    await rm(ballast);
    expect(await log.append(batch(2, { rows }))).toEqual({ duplicate: false });
    expect(log.failure).toBe('');
    await log.close();
    const second = await openLog(directory);
    expect(second.recovered).toMatchObject({ damaged_lines: 0, set_aside: [] });
    expect(await sealedRows(second.log)).toEqual([1, ...new Array<number>(rows).fill(2)]);
    await second.log.close();
  } finally {
    runCommand('umount', [directory]);
  }
});
