// The parts of the spool that are pure, or nearly so: records, ranges, caps, layouts.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { REAL_DISK } from '../../../agent/durable/disk.ts';
import { readBooks } from '../../../agent/spool/books-state.ts';
import { isFull, toGiveUp } from '../../../agent/spool/caps.ts';
import { DeadLetters } from '../../../agent/spool/dead-letters.ts';
import { keepLayouts } from '../../../agent/spool/kept-layouts.ts';
import { Ranges } from '../../../agent/spool/ranges.ts';
import { type Batch, encodeRecord, isIntact, parseHeader } from '../../../agent/spool/record.ts';
import { layoutOf } from '../../../bpf/rows/layout.ts';
import { KIND, KINDS } from '../../../bpf/rows/rows.gen.ts';
import { journalText } from '../durable/journal-text.ts';

const hex64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((id) => id.toString(16).padStart(16, '0'));
const name = fc.stringMatching(/^[a-z_/0-9]{1,60}$/);
const anyBatch: fc.Arbitrary<Batch> = fc.record({
  host_id: hex64,
  epoch: hex64,
  kind: name,
  schema: name,
  sequence: fc.maxSafeNat(),
  rows: fc.nat(2 ** 32 - 1),
  cut_at_ms: fc.nat(2 ** 45),
  payload: fc.uint8Array({ maxLength: 3000 }),
});

test('a record read back is what was written, and a changed bit anywhere is noticed', () => {
  fc.assert(
    fc.property(anyBatch, fc.nat(), fc.integer({ min: 0, max: 7 }), (batch, at, bit) => {
      const bytes = Buffer.concat(encodeRecord(batch));
      const record = parseHeader(bytes, 0, 4096);
      const { payload, ...head } = batch;
      expect(record).toMatchObject({ head, at: 4096, length: bytes.length });
      expect(record && isIntact(record, bytes.subarray(bytes.length - payload.length))).toBe(true);
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
      const damaged = parseHeader(bytes, 0, 4096);
      expect(damaged !== undefined && isIntact(damaged, bytes.subarray(bytes.length - payload.length))).toBe(false);
    }),
  );
});

test('ranges are a set of numbers', () => {
  const range = fc.tuple(fc.nat(60), fc.nat(12), fc.boolean());
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (changes) => {
      const ranges = new Ranges();
      const model = new Set<number>();
      for (const [from, length, adds] of changes) {
        if (adds) ranges.add([from, from + length]);
        else ranges.remove([from, from + length]);
        for (let at = from; at < from + length; at++) adds ? model.add(at) : model.delete(at);
      }
      for (let at = 0; at < 80; at++) expect(ranges.has(at)).toBe(model.has(at));
      const all = [...ranges];
      for (const [index, [from, to]] of all.entries()) {
        expect(from).toBeLessThan(to);
        expect(from).toBeGreaterThan(all[index - 1]?.[1] ?? -1);
      }
    }),
  );
});

const CAPS = { bytes_max: 160, age_ms_max: 1600 };
test.each([
  { it: 'an empty one', length: 0, batches: 0, oldest_ms: 0, now_ms: 10_000, full: false },
  { it: 'a small young one', length: 9, batches: 1, oldest_ms: 950, now_ms: 1000, full: false },
  { it: 'a sixteenth of the size', length: 10, batches: 1, oldest_ms: 950, now_ms: 1000, full: true },
  { it: 'a sixteenth of the age', length: 9, batches: 1, oldest_ms: 900, now_ms: 1000, full: true },
  { it: 'many batches', length: 9, batches: 16_384, oldest_ms: 950, now_ms: 1000, full: true },
])('a segment is left: $it, $full', ({ length, batches, oldest_ms, now_ms, full }) => {
  expect(isFull({ length, batches, oldest_ms }, CAPS, now_ms)).toBe(full);
});

test('the oldest segments go until the rest fits, and all that are too old', () => {
  const segments = [
    { name: 'a', length: 50, newest_ms: 100 },
    { name: 'b', length: 50, newest_ms: 2000 },
    { name: 'c', length: 50, newest_ms: 2100 },
  ];
  const gone = (incoming: number, now_ms: number) => toGiveUp(segments, CAPS, incoming, now_ms).map(([{ name }, why]) => `${name} ${why}`);
  expect(gone(10, 1000)).toEqual([]);
  expect(gone(11, 1000)).toEqual(['a spool_dropped']);
  expect(gone(61, 1000)).toEqual(['a spool_dropped', 'b spool_dropped']);
  expect(gone(0, 1701)).toEqual(['a spool_expired']);
  expect(gone(61, 1701)).toEqual(['a spool_expired', 'b spool_dropped']);
});

test('layouts of what lies in the spool are kept through upgrades; others and damaged ones are not', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-layouts-'));
  const old = { ...layoutOf('sample'), schema: 'sample/0123456789ab' };
  const unused = { ...layoutOf('drop'), schema: 'drop/0123456789ab' };
  writeFileSync(join(directory, 'layouts'), JSON.stringify([old, unused]));
  const layouts = await keepLayouts(REAL_DISK, directory, new Set([old.schema]));
  expect([...layouts.keys()].sort()).toEqual([...KIND.map((kind) => KINDS[kind].schema), old.schema].sort());
  expect(layouts.get(old.schema)).toEqual(old);
  expect((await keepLayouts(REAL_DISK, directory, new Set([old.schema]))).has(old.schema)).toBe(true);
  writeFileSync(join(directory, 'layouts'), '[{"kind":');
  expect((await keepLayouts(REAL_DISK, directory, new Set([old.schema]))).size).toBe(KIND.length);
});

test('dead letters are records, and of too many the older half goes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-dead-'));
  const letters = new DeadLetters(REAL_DISK, directory, 1000);
  const [batch] = fc.sample(anyBatch, 1);
  if (batch === undefined) throw new Error('no batch');
  for (let sequence = 1; sequence <= 20; sequence++) await letters.add({ ...batch, sequence, payload: Buffer.alloc(300) });
  const old = readFileSync(join(directory, 'dead-letters.old'));
  expect(old.length).toBeLessThan(2000);
  expect(parseHeader(old, 0, 0)?.head.sequence).toBeGreaterThan(10);
});

test.each([
  ['is no JSON', '{"gone":[1'],
  ['has another shape', '{"totals":[{"epoch":"00000000000000ee"}],"segments":{}}'],
  ['names a segment that no file can be', '{"segments":[{"number":18446744073709551616,"length":1,"waiting":[]}]}'],
  ['has an outcome that no collector takes', '{"totals":[{"epoch":"00000000000000ee","kind":"drop","outcome":"eaten","rows":1}]}'],
  ['is null', 'null'],
])('a line of the books that is whole and %s costs nothing but itself', async (_what, json) => {
  const host = { name: 'a', machine: 'b', kernel: 'c', agent_version: 'd' };
  const run = { epoch: '00000000000000ee', host_id: '00000000000000aa', host };
  const strange = `3 ${json}`;
  const text = journalText('tcplens spool 3', [{ runs: [run], posted: [run.epoch] }, {}, { gone: [7] }]).split('\n');
  text[2] = `${crc32(strange).toString(16).padStart(8, '0')} ${strange}`;
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-books-'));
  writeFileSync(join(directory, 'books'), text.join('\n'));
  const state = await readBooks(REAL_DISK, directory);
  expect([...state.runs.values()]).toEqual([run]);
  expect([...state.gone]).toEqual([7]);
  // What it said of runs that a collector may have something of, nobody knows.
  expect(state.posted).toBeUndefined();
  expect([state.totals.size, state.segments.size]).toEqual([0, 0]);
});
