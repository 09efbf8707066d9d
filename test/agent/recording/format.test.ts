// Recordings: what was written is what comes back, moved to now; what is damaged is refused with the place.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeFrame, encodeHeader } from '../../../agent/recording/format.ts';
import { openReplay, type ReplayOptions } from '../../../agent/recording/replay-source.ts';
import { HEAD_AT, KINDS, type Kind } from '../../../bpf/rows.gen.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { until } from '../until.ts';

const STARTED_NS = 1_700_000_000_000_000_000n;
const MS = 1_000_000n;
const row = (kind: Kind, offset_ms: number, connection_id = 1) =>
  rowBytes(kind, { time_ns: STARTED_NS + BigInt(offset_ms) * MS, host_id: 1, connection_id, comm: 'recorded' });

/** Three frames: two retransmits at 0 ms, a sample at 60 ms, a retransmit at 120 ms. */
const frames = [
  { kind: 'retransmit' as const, offset_ms: 0, rows: Buffer.concat([row('retransmit', 0, 11), row('retransmit', 0, 12)]) },
  { kind: 'sample' as const, offset_ms: 60, rows: row('sample', 60, 13) },
  { kind: 'retransmit' as const, offset_ms: 120, rows: row('retransmit', 120, 14) },
].map(encodeFrame);
const header = encodeHeader(1n, '6.0-test', STARTED_NS);
const sound = Buffer.concat([header, ...frames]);

function fileOf(bytes: Uint8Array): string {
  const file = join(mkdtempSync(join(tmpdir(), 'tcplens-')), 'recording');
  writeFileSync(file, bytes);
  return file;
}

const open = (bytes: Uint8Array, options: Partial<ReplayOptions> = {}) =>
  openReplay(fileOf(bytes), { host_id: 0xbeefn, speed: 0, loop: false, ...options });

function drained(source: ReturnType<typeof open>, kind: Kind, into = new Uint8Array(1 << 20)): Buffer {
  return Buffer.from(into.subarray(0, source.drain(kind, into)));
}

test('as fast as possible: every row, with this host and the last time at now', () => {
  const before = BigInt(Date.now());
  const source = open(sound);
  expect(source.ended()).toBe(false);
  const retransmits = drained(source, 'retransmit');
  const samples = drained(source, 'sample');
  expect(source.ended()).toBe(true);
  expect(source.counters()).toMatchObject({ retransmit: { written: 3, ring_lost: 0 }, sample: { written: 1 }, connection: { written: 0 } });
  const { size } = KINDS.retransmit;
  const rows = [0, 1, 2].map((index) => retransmits.subarray(index * size, (index + 1) * size));
  expect(rows.map((bytes) => bytes.readBigUInt64LE(HEAD_AT.connection_id))).toEqual([11n, 12n, 14n]);
  expect(rows.map((bytes) => bytes.readBigUInt64LE(HEAD_AT.host_id))).toEqual([0xbeefn, 0xbeefn, 0xbeefn]);
  const times = rows.map((bytes) => bytes.readBigUInt64LE(HEAD_AT.time_ns) / MS);
  expect(times.map((time) => Number(time - (times[0] ?? 0n)))).toEqual([0, 0, 120]);
  const last = times[2] ?? 0n;
  expect(last).toBeGreaterThanOrEqual(before);
  expect(last).toBeLessThanOrEqual(BigInt(Date.now()));
  // All that was not rewritten is as it was recorded.
  expect(samples.subarray(HEAD_AT.cgroup_id).equals(row('sample', 60, 13).subarray(HEAD_AT.cgroup_id))).toBe(true);
  source.close();
});

test('at its own speed a row does not come before its time', async () => {
  const began = Date.now();
  const source = open(sound, { speed: 1 });
  expect(drained(source, 'retransmit').length).toBe(2 * KINDS.retransmit.size);
  expect(source.ended()).toBe(false);
  let rest = Buffer.alloc(0);
  await until('the last row', () => {
    rest = Buffer.concat([rest, drained(source, 'retransmit')]);
    return rest.length > 0;
  });
  expect(Date.now() - began).toBeGreaterThanOrEqual(120);
  const time_ms = Number(rest.readBigUInt64LE(HEAD_AT.time_ns) / MS);
  expect(time_ms).toBeGreaterThanOrEqual(began + 120);
  expect(time_ms).toBeLessThanOrEqual(Date.now());
  source.close();
});

test('a loop begins again, with connections of its own', () => {
  const source = open(sound, { loop: true });
  const buffer = new Uint8Array(KINDS.retransmit.size * 6);
  const ids = drained(source, 'retransmit', buffer);
  const { size } = KINDS.retransmit;
  const found = Array.from({ length: 6 }, (_, index) => ids.readBigUInt64LE(index * size + HEAD_AT.connection_id));
  expect(found).toEqual([11n, 12n, 14n, 11n + (1n << 48n), 12n + (1n << 48n), 14n + (1n << 48n)]);
  expect(source.ended()).toBe(false);
  source.close();
});

test('a small buffer gets whole rows only, and the rest later', () => {
  const source = open(sound);
  const small = new Uint8Array(KINDS.retransmit.size + 100);
  const lengths = [1, 2, 3, 4].map(() => source.drain('retransmit', small));
  expect(lengths).toEqual([KINDS.retransmit.size, KINDS.retransmit.size, KINDS.retransmit.size, 0]);
  source.close();
});

const edit = (change: (bytes: Buffer) => void) => {
  const bytes = Buffer.from(sound);
  change(bytes);
  return bytes;
};
const second_frame = header.length + (frames[0]?.length ?? 0);
const headerWith = (text: string) => {
  const prefix = Buffer.from(header.subarray(0, 14));
  prefix.writeUInt32LE(text.length, 10);
  return Buffer.concat([prefix, Buffer.from(text)]);
};

test.each([
  { it: 'an empty file', bytes: Buffer.alloc(0), error: /no recording/ },
  { it: 'another file', bytes: Buffer.from('#!/bin/sh\necho hello, world\n'), error: /no recording.*tcplens record/ },
  { it: 'another version', bytes: edit((bytes) => bytes.writeUInt16LE(2, 8)), error: /version 2, this tcplens reads 1/ },
  { it: 'a header cut short', bytes: sound.subarray(0, 40), error: /header is not readable/ },
  { it: 'a huge header', bytes: edit((bytes) => bytes.writeUInt32LE(0xffff_ffff, 10)), error: /4294967295 bytes/ },
  { it: 'a header that is no JSON', bytes: edit((bytes) => bytes.fill('x', 14, 20)), error: /header is not readable/ },
  { it: 'a header without schemas', bytes: headerWith('{"started_ns":"1"}'), error: /header is not readable/ },
  {
    it: 'another layout',
    bytes: headerWith(header.subarray(14).toString().replace(KINDS.sample.schema, 'sample/000000000000')),
    error: /sample rows are laid out as sample\/000000000000/,
  },
  {
    it: 'a bit flipped in the second frame',
    bytes: edit((bytes) => bytes.writeUInt8(bytes.readUInt8(second_frame + 40) ^ 1, second_frame + 40)),
    error: new RegExp(`frame 2 at byte ${second_frame} `),
  },
  { it: 'a wrong checksum', bytes: edit((bytes) => bytes.writeUInt32LE(7, second_frame + 12)), error: /frame 2 .*checksum/ },
  { it: 'an unknown kind', bytes: edit((bytes) => bytes.writeUInt8(200, second_frame)), error: /frame 2 .*unknown kind 200/ },
  { it: 'a length that is no whole row', bytes: edit((bytes) => bytes.writeUInt32LE(241, second_frame + 8)), error: /frame 2 .*241 bytes/ },
  {
    it: 'a length beyond any batch',
    bytes: edit((bytes) => bytes.writeUInt32LE(240 * 1_000_000, second_frame + 8)),
    error: /frame 2 .*240000000 bytes/,
  },
  { it: 'the last frame cut short', bytes: sound.subarray(0, sound.length - 1), error: /frame 3 .*cut short/ },
  {
    it: 'the last frame’s head cut short',
    bytes: sound.subarray(0, second_frame + (frames[1]?.length ?? 0) + 3),
    error: /frame 3 .*cut short/,
  },
])('refused: $it', ({ bytes, error }) => {
  expect(() => open(bytes)).toThrow(error);
});

test('a file that is not there', () => {
  expect(() => openReplay('/nonexistent/file', { host_id: 1n, speed: 0, loop: false })).toThrow(
    /cannot read the recording \/nonexistent\/file/,
  );
});

test('a recording without a row ends at once', () => {
  const source = open(header);
  expect(source.ended()).toBe(true);
  source.close();
});
