// What is damaged is refused with its place; what is only cut short, or of another version, is read as far as it goes, and said.
import { expect, test } from 'vitest';
import { encodeFrame, encodeJson, encodePrefix, FRAME_HEAD_BYTES, PREFIX_BYTES, SORT } from '../../../agent/recording/format.ts';
import { Losses } from '../../../agent/recording/losses.ts';
import { Recording } from '../../../agent/recording/read.ts';
import { layoutOf } from '../../../bpf/rows/layout.ts';
import { KIND, KINDS } from '../../../bpf/rows/rows.gen.ts';
import { HEADER } from '../recorded.ts';
import { COUNTED, end, FRAMES, fileOf, header, row, rows, SOUND } from './made.ts';

/** Reads all of it: rows by kind, and what is said about the rest. */
function read(...bytes: Uint8Array[]): { rows: Record<string, number>; said: string[] } {
  const recording = new Recording(fileOf(...bytes));
  const losses = new Losses();
  const counts: Record<string, number> = {};
  for (const part of recording.parts(losses)) {
    if (part.sort === 'rows') counts[part.kind] = (counts[part.kind] ?? 0) + part.rows.length / KINDS[part.kind].size;
  }
  recording.close();
  return { rows: counts, said: losses.sentences(recording.header) };
}

const edit = (change: (bytes: Buffer) => void) => {
  const bytes = Buffer.from(SOUND);
  change(bytes);
  return bytes;
};
const flip = (at: number) => edit((bytes) => bytes.writeUInt8((bytes[at] ?? 0) ^ 1, at));
const first_at = header().length;
const second_at = first_at + (FRAMES[0]?.length ?? 0);
const end_at = SOUND.length - end(COUNTED).length;
const json = (sort: number, value: unknown) => encodeFrame({ sort, layout: 0, offset_ms: 0, bytes: Buffer.from(JSON.stringify(value)) });
const begun = (...frames: Uint8Array[]) => Buffer.concat([encodePrefix(), ...frames]);

test('a sound recording: nothing to say', () => {
  expect(read(SOUND)).toEqual({ rows: { retransmit: 3, sample: 1 }, said: [] });
});

test.each([
  { it: 'an empty file', bytes: Buffer.alloc(0), code: 'not_a_recording', error: /no recording.*tcplens record/ },
  { it: 'another file', bytes: Buffer.from('#!/bin/sh\necho hello, world\n'), code: 'not_a_recording', error: /no recording/ },
  { it: 'a newer format', bytes: edit((bytes) => bytes.writeUInt16LE(4, 8)), code: 'unknown_version', error: /format 4.*newer tcplens/ },
  {
    it: 'a format that its header is not of',
    bytes: edit((bytes) => bytes.writeUInt16LE(3, 8)),
    code: 'damaged',
    error: /byte 0, .*version/,
  },
  { it: 'an older format', bytes: edit((bytes) => bytes.writeUInt16LE(1, 8)), code: 'unknown_version', error: /format 1.*record anew/ },
  { it: 'a header cut short', bytes: SOUND.subarray(0, 60), code: 'damaged', error: /byte 10, .*ends within its header/ },
  { it: 'a flipped bit in the header', bytes: flip(PREFIX_BYTES + 100), code: 'damaged', error: /byte 10, .*checksum/ },
  { it: 'a header that is no JSON', bytes: begun(json(SORT.header, 'x')), code: 'damaged', error: /header is not readable/ },
  { it: 'rows in place of the header', bytes: begun(...FRAMES), code: 'damaged', error: /header is not readable/ },
  { it: 'a header without layouts', bytes: begun(json(SORT.header, HEADER)), code: 'damaged', error: /header is not readable/ },
  {
    it: 'a layout that is none',
    bytes: header({ layouts: [{ ...layoutOf('sample'), size: 20 }] }),
    code: 'damaged',
    error: /sample\.connection_id, 8 bytes at 16, does not fit/,
  },
  {
    it: 'a flipped bit in a head',
    bytes: flip(second_at + 9),
    code: 'damaged',
    error: new RegExp(`byte ${second_at}, .*truncate -s ${second_at} `),
  },
  {
    it: 'a flipped bit in the rows',
    bytes: flip(second_at + FRAME_HEAD_BYTES + 8),
    code: 'damaged',
    error: new RegExp(`byte ${second_at}, .*bytes`),
  },
  {
    it: 'zeros in place of a frame',
    bytes: Buffer.concat([SOUND.subarray(0, end_at), Buffer.alloc(64)]),
    code: 'damaged',
    error: /truncate/,
  },
  {
    it: 'rows of a layout that is not there',
    bytes: Buffer.concat([header(), encodeFrame({ sort: SORT.rows, layout: 99, offset_ms: 0, bytes: Buffer.alloc(100) })]),
    code: 'damaged',
    error: /no rows of layout 99/,
  },
  {
    it: 'a piece of a row',
    bytes: Buffer.concat([header(), encodeFrame({ sort: SORT.rows, layout: 0, offset_ms: 0, bytes: Buffer.alloc(100) })]),
    code: 'damaged',
    error: /100 bytes are no rows of layout 0/,
  },
  {
    it: 'a whole frame gone',
    bytes: Buffer.concat([header(), ...FRAMES.slice(1), end(COUNTED)]),
    code: 'damaged',
    error: /its end counts 3 retransmit rows, there are 1/,
  },
  { it: 'two recordings in one file', bytes: Buffer.concat([SOUND, SOUND]), code: 'damaged', error: new RegExp(`byte ${SOUND.length}, `) },
  { it: 'something after the end', bytes: Buffer.concat([SOUND, ...FRAMES]), code: 'damaged', error: /something follows its end/ },
  {
    it: 'names that are none',
    bytes: Buffer.concat([header(), json(SORT.names, { processes: [{}] })]),
    code: 'damaged',
    error: /names are not readable/,
  },
  {
    it: 'an end that is none',
    bytes: Buffer.concat([header(), json(SORT.end, { kinds: 7 })]),
    code: 'damaged',
    error: /end is not readable/,
  },
])('refused: $it', ({ bytes, code, error }) => {
  expect(() => read(bytes)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(error) }));
});

test('a file that is not there', () => {
  expect(() => new Recording('/nonexistent/file')).toThrow(/cannot read the recording \/nonexistent\/file .*ENOENT.*: give a file/);
  expect(() => new Recording('/')).toThrow(/cannot read the recording \/ .*EISDIR.*: give a file that tcplens record has made/);
});

const NO_END = ['the recording has no end: its recorder was killed', 'how many rows the kernel lost while they were recorded is not known'];

test.each([
  { it: 'within the end', length: SOUND.length - 1, rows: { retransmit: 3, sample: 1 }, at: end_at },
  { it: 'within a frame', length: second_at + FRAME_HEAD_BYTES + 5, rows: { retransmit: 2 }, at: second_at },
  { it: 'within a head', length: second_at + 3, rows: { retransmit: 2 }, at: second_at },
])('cut short $it: what is whole is read', ({ length, rows, at }) => {
  expect(read(SOUND.subarray(0, length))).toEqual({
    rows,
    said: [`the recording is cut short at byte ${at}: what was recorded later is missing`, ...NO_END],
  });
});

test('cut short between frames', () => {
  expect(read(SOUND.subarray(0, second_at))).toEqual({ rows: { retransmit: 2 }, said: NO_END });
});

test('the advice for a damaged recording works', () => {
  const at = Number(/truncate -s (\d+)/.exec(String(messageOf(() => read(flip(second_at + 9)))))?.[1]);
  expect(read(flip(second_at + 9).subarray(0, at)).rows).toEqual({ retransmit: 2 });
});

function messageOf(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a later version: kinds, frames, columns and values that nobody here knows are counted and named', () => {
  const sample = layoutOf('sample');
  const layouts = [
    { kind: 'memory', schema: 'memory/1', size: 16, columns: layoutOf('sample').columns.slice(0, 2) },
    { ...sample, columns: sample.columns.map((column) => (column.name === 'backoff' ? { ...column, name: 'patience' } : column)) },
    layoutOf('retransmit'),
  ];
  const frame = (layout: number, ...bytes: Uint8Array[]) =>
    encodeFrame({ sort: SORT.rows, layout, offset_ms: 0, bytes: Buffer.concat(bytes) });
  const given = [
    header({ layouts, tcplens: '9.1.0', anonymized: true }),
    frame(0, Buffer.alloc(48)),
    frame(1, row('sample', 0)),
    encodeFrame({ sort: 77, layout: 3, offset_ms: 0, bytes: Buffer.from('news') }),
    frame(2, row('retransmit', 0)),
    frame(0, Buffer.alloc(16)),
    json(SORT.end, { length_ms: 1, kinds: { memory: { rows: 4, written: 4 }, sample: { rows: 1 }, retransmit: { rows: 1 } } }),
  ];
  expect(read(...given)).toEqual({
    rows: { sample: 1, retransmit: 1 },
    said: [
      "the recording's addresses are not the real ones: it was made with --anonymize",
      '4 memory rows are skipped: only tcplens 9.1.0 knows that kind',
      '1 frames of sort 77 are skipped: only tcplens 9.1.0 knows them',
      'sample rows lose patience, which this tcplens does not have',
      'sample rows do not know backoff, which tcplens 9.1.0 did not record',
    ],
  });
});

test('an enumerator that went away becomes the first, and its values are counted', () => {
  const { columns, ...rest } = layoutOf('retransmit');
  const renamed = columns.map((column) => ({ ...column, type: column.type.replace("'fast'", "'swift'") }));
  const layouts = KIND.map((kind) => (kind === 'retransmit' ? { ...rest, columns: renamed } : layoutOf(kind)));
  const bytes = rows('retransmit', 0, row('retransmit', 0, { class: 1 }), row('retransmit', 0, { class: 3 }));
  expect(
    read(header({ layouts }), bytes, encodeJson(SORT.end, 0, { length_ms: 0, kinds: { retransmit: { rows: 2, written: 2 } } })),
  ).toEqual({
    rows: { retransmit: 2 },
    said: ['1 values of retransmit.class have no counterpart and are the nearest'],
  });
});
