// What files can be after a crash, a bad disk or a careless person, one case each: the lists of Vector's disk buffer and OpenTelemetry's
// persistent queue, and what the books add.
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { lockSpool } from '../../../agent/spool/lock.ts';
import { journalText, unnumberedText, withLine } from '../durable/journal-text.ts';
import { addGarbage, ModelledSpool, NEVER } from './spool-model.ts';

const CAPS = { bytes_max: 1024 ** 3, age_ms_max: 7 * 86_400_000 };
const ROWS = [1, 20, 300, 4000, 50_000];
const PAYLOAD_BYTES = 400;

let spool: ModelledSpool;
afterEach(() => spool.remove());

/** Five batches of different numbers of rows, in the books and on disk, none under way. */
async function filled(caps = CAPS): Promise<ModelledSpool> {
  spool = new ModelledSpool(caps);
  await spool.open();
  for (const rows of ROWS) await spool.append('sample', rows, PAYLOAD_BYTES);
  while (spool.under_way.length > 0) spool.release(0);
  await spool.flush(true);
  return spool;
}

/** Rows of the batches that come out, in order. */
async function taken(): Promise<number[]> {
  const rows: number[] = [];
  for (let parcel = await spool.next(); parcel !== undefined; parcel = await spool.next()) {
    rows.push(parcel.batch.rows);
    spool.settle(0, 'sent');
  }
  return rows;
}

const file = () => spool.segmentFiles()[0] ?? '';
const books = () => join(spool.directory, 'books');
const record_bytes = () => statSync(file()).size / ROWS.length;

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  writeFileSync(path, bytes);
}

type Case = { it: string; damage: () => void; come: number[]; lost?: number; aside?: boolean };
const cases: Case[] = [
  { it: 'nothing is damaged', damage: () => {}, come: ROWS },
  {
    it: 'the last record is torn',
    damage: () => truncateSync(file(), record_bytes() * 4.5),
    come: ROWS.slice(0, 4),
    lost: 50_000,
    aside: true,
  },
  {
    it: 'its header is torn',
    damage: () => truncateSync(file(), record_bytes() * 4 + 10),
    come: ROWS.slice(0, 4),
    lost: 50_000,
    aside: true,
  },
  { it: 'zeros follow the last record', damage: () => truncateSync(file(), record_bytes() * 6), come: ROWS },
  { it: 'garbage follows the last record', damage: () => addGarbage(file(), 1000), come: ROWS },
  { it: 'a payload is damaged', damage: () => flip(file(), record_bytes() * 3 - 5), come: [1, 20, 4000, 50_000], lost: 300, aside: true },
  { it: 'a header is damaged', damage: () => flip(file(), record_bytes() * 2 + 20), come: [1, 20, 4000, 50_000], lost: 300, aside: true },
  { it: 'a length is damaged', damage: () => flip(file(), record_bytes() * 2 + 9), come: [1, 20, 4000, 50_000], lost: 300, aside: true },
  { it: 'the first header is damaged', damage: () => flip(file(), 0), come: ROWS.slice(1), lost: 1, aside: true },
  { it: 'the file is empty', damage: () => truncateSync(file(), 0), come: [], lost: 54_321, aside: true },
  { it: 'the file is all zeros', damage: () => writeFileSync(file(), Buffer.alloc(3000)), come: [], lost: 54_321, aside: true },
  { it: 'the file is something else', damage: () => copyFileSync('package-lock.json', file()), come: [], lost: 54_321, aside: true },
  { it: 'the file is gone', damage: () => rmSync(file()), come: [], lost: 54_321 },
  { it: 'the books are gone', damage: () => rmSync(books()), come: ROWS },
  { it: 'the books are empty', damage: () => truncateSync(books(), 0), come: ROWS },
  { it: 'the last line of the books is torn', damage: () => truncateSync(books(), statSync(books()).size - 5), come: ROWS },
  { it: 'a line of the books is damaged', damage: () => flip(books(), 30), come: ROWS },
  { it: 'the books are something else', damage: () => copyFileSync('package-lock.json', books()), come: ROWS },
];

test.each(cases)('after a crash, where $it: $come come', async ({ damage, come, lost = 0, aside = false }) => {
  await filled();
  await spool.crash();
  damage();
  await spool.open();
  expect(await taken()).toEqual(come);
  spool.expectLaw();
  expect(spool.totals()['spool_damaged'] ?? 0).toBe(lost);
  expect(spool.totals()['sent'] ?? 0).toBe(come.reduce((sum, rows) => sum + rows, 0));
  await spool.restart();
  expect(readdirSync(spool.directory).filter((name) => name.endsWith('.damaged'))).toHaveLength(aside ? 1 : 0);
  expect(spool.segmentFiles()).toEqual([]);
});

test.each([
  ['an older version', unnumberedText([{ runs: [], segments: [{ number: 1, length: 10, waiting: [] }] }])],
  ['a later version', journalText('tcplens spool 999', [])],
])('a spool that %s wrote is left as it is, and the message says what to do', async (_what, text) => {
  await filled();
  await spool.crash();
  writeFileSync(books(), text);
  const before = readdirSync(spool.directory);
  const error = { code: 'spool_of_other_version', exitCode: 78, message: expect.stringMatching(/start that version .* with --spool/) };
  // And again: who was refused does not hold it.
  for (let start = 0; start < 2; start++) await expect(spool.open()).rejects.toMatchObject(error);
  expect(readdirSync(spool.directory)).toEqual(before);
  expect(readFileSync(books(), 'utf8')).toBe(text);
  rmSync(books());
  await spool.open();
  expect(await taken()).toEqual(ROWS);
});

test('what is done is not offered again, and its file goes', async () => {
  await filled();
  await taken();
  await spool.flush(false);
  await spool.crash();
  await spool.open();
  expect(await spool.spool.next(NEVER)).toBeUndefined();
  expect(spool.segmentFiles()).toEqual([]);
});

test('what was under way at a crash is offered again', async () => {
  await filled();
  await spool.next();
  await spool.next();
  await spool.crash();
  await spool.open();
  expect(await taken()).toEqual(ROWS);
});

test('a segment that had to go and is still there is not sent any more', async () => {
  await filled();
  const kept = join(mkdtempSync(join(tmpdir(), 'tcplens-')), 'segment');
  copyFileSync(file(), kept);
  const name = file();
  await taken();
  await spool.flush(false);
  await spool.restart();
  await spool.crash();
  copyFileSync(kept, name);
  // A crash between the line in the books and the removal of the file.
  writeFileSync(books(), withLine(readFileSync(books(), 'utf8'), { gone: [Number(basename(name, '.batches'))] }));
  await spool.open();
  expect(await spool.spool.next(NEVER)).toBeUndefined();
  expect(spool.segmentFiles()).toEqual([]);
  spool.expectLaw();
});

test('rows that were drained and are in no batch yet have died with their run', async () => {
  await filled();
  spool.opened.accounting.add(spool.epoch, 'sample', 'seen', 123, spool.now_ms);
  await spool.flush(false);
  await spool.crash();
  await spool.open();
  expect(spool.totals()).toMatchObject({ seen: 54_444, died: 123 });
  expect(await taken()).toEqual(ROWS);
  spool.expectLaw();
});

test('at its size the oldest batches go, at their age all that are too old', async () => {
  spool = new ModelledSpool({ bytes_max: 64 * 1024, age_ms_max: 3_600_000 });
  await spool.open();
  for (let batch = 0; batch < 200; batch++) {
    await spool.append('sample', 1, 1000);
    spool.release(0);
    expect(spool.spool.bytes.disk).toBeLessThanOrEqual(64 * 1024 + 1100);
  }
  const { spool_dropped = 0 } = spool.totals();
  expect(spool_dropped).toBeGreaterThan(130);
  expect(spool_dropped).toBeLessThan(150);
  const first = await spool.next();
  expect(first?.batch.sequence).toBe(spool_dropped + 1);
  spool.release(0);
  spool.now_ms += 3_600_001;
  await spool.flush(false);
  expect(await taken()).toEqual([]);
  expect(spool.totals()['spool_expired']).toBe(200 - spool_dropped);
  spool.expectLaw();
});

test.each(['full', 'short', 'io'] as const)(
  'a disk that fails (%s): on in memory, beyond its bytes the oldest go, and back to disk',
  async (fault) => {
    await filled();
    spool.disk.fault = fault;
    for (let batch = 0; batch < 100; batch++) {
      await spool.append('retransmit', 1, 400);
      spool.release(spool.under_way.length - 1);
    }
    expect(spool.spool.bytes.memory).toBeLessThanOrEqual(16 * 1024);
    const { memory_dropped = 0 } = spool.totals();
    expect(memory_dropped).toBeGreaterThan(0);
    spool.disk.fault = 'none';
    spool.now_ms += 1001;
    await spool.append('drop' as 'sample', 1, 10);
    expect(spool.spool.bytes.memory).toBe(0);
    await spool.crash();
    await spool.open();
    const come = await taken();
    expect(come).toEqual([...ROWS, ...Array.from({ length: 100 - memory_dropped + 1 }, () => 1)]);
    spool.expectLaw();
  },
);

test('of a segment the batches that are too old do not come, the others do', async () => {
  spool = new ModelledSpool({ bytes_max: 1024 ** 3, age_ms_max: 3_600_000 });
  await spool.open();
  await spool.append('sample', 5, 100);
  // Soon enough after it to be in the same file.
  spool.now_ms += 100_000;
  await spool.append('sample', 7, 100);
  while (spool.under_way.length > 0) spool.release(0);
  expect(spool.segmentFiles()).toHaveLength(1);
  spool.now_ms += 3_550_000;
  expect(await taken()).toEqual([7]);
  expect(spool.totals()).toMatchObject({ spool_expired: 5, sent: 7 });
  spool.expectLaw();
});

test('what a disk did not take of the books is in what it takes later', async () => {
  await filled();
  await spool.next();
  spool.settle(0, 'sent');
  spool.disk.fault = 'full';
  await spool.spool.flush(true);
  await spool.next();
  spool.settle(0, 'sent');
  spool.disk.fault = 'none';
  await spool.flush(true);
  await spool.crash();
  await spool.open();
  expect(await taken()).toEqual(ROWS.slice(2));
  spool.expectLaw();
});

test('what comes after a restart lies beside what was there', async () => {
  await filled();
  await spool.restart();
  await spool.append('sample', 6, PAYLOAD_BYTES);
  spool.release(0);
  expect(spool.spool.bytes.memory).toBe(0);
  expect(spool.segmentFiles()).toHaveLength(2);
  expect(await taken()).toEqual([...ROWS, 6]);
});

test('many batches are flushed together, and not at all once a collector has them', async () => {
  spool = new ModelledSpool(CAPS);
  await spool.open();
  const before = spool.disk.syncs;
  for (let batch = 0; batch < 50; batch++) await spool.append('sample', 1, 100);
  await spool.flush(false);
  expect(spool.disk.syncs - before).toBe(1);
  while (spool.under_way.length > 0) spool.settle(0, 'sent');
  await spool.append('sample', 1, 100);
  spool.settle(0, 'sent');
  await spool.flush(false);
  expect(spool.disk.syncs - before).toBe(1);
});

test('two agents do not share a spool, and one that cannot be written says what to do', async () => {
  await filled();
  expect(() => lockSpool(spool.directory)).toThrow(
    expect.objectContaining({ code: 'spool_locked', exitCode: 78, message: expect.stringContaining('--spool') }),
  );
  const below_a_file = join('package.json', 'spool');
  expect(() => lockSpool(below_a_file)).toThrow(
    expect.objectContaining({ code: 'spool_unusable', exitCode: 78, message: expect.stringContaining('--spool none') }),
  );
});
