// A spool's directory as a start finds it: books, layouts and one segment, each of any bytes. The input: these three.
import { crc32 } from 'node:zlib';
import { Accounting } from '../../../../agent/accounts/accounting.ts';
import { LOSSES, type Outcome } from '../../../../agent/contract/outcome.ts';
import { CannotRunError } from '../../../../agent/process/errors.ts';
import { readBooks } from '../../../../agent/spool/books-state.ts';
import { keepLayouts, ownLayouts } from '../../../../agent/spool/kept-layouts.ts';
import { encodeRecord, MAGIC_BYTES } from '../../../../agent/spool/record.ts';
import { type Recovered, recover } from '../../../../agent/spool/recover.ts';
import { SegmentReader } from '../../../../agent/spool/segment-reader.ts';
import { fileOf } from '../../../../agent/spool/segments.ts';
import { KINDS } from '../../../../bpf/rows/rows.gen.ts';
import { journalText } from '../../../agent/durable/journal-text.ts';
import type { Dice } from '../../../faults/dice.ts';
import { MemoryDisk } from '../memory-disk.ts';
import { joinParts, splitParts } from '../parts.ts';
import { type MutateBytes, must, type Target } from '../target.ts';

const DIRECTORY = '/spool';
const [HOST, EPOCH, NOW_MS] = ['00000000000000aa', '00000000000000ee', 1_700_000_000_000];
const ENDS = ['sent', ...Object.keys(LOSSES)] as Outcome[];
const BATCHES = 4;

function segmentBytes(): Buffer {
  const batches = Array.from({ length: BATCHES }, (_, index) => {
    const [kind, sequence] = [index % 2 === 0 ? 'sample' : 'drop', index + 1] as const;
    const payload = Buffer.alloc(20 + index, index);
    return encodeRecord({
      host_id: HOST,
      epoch: EPOCH,
      kind,
      schema: KINDS[kind].schema,
      sequence,
      rows: sequence,
      cut_at_ms: NOW_MS,
      payload,
    });
  });
  return Buffer.concat(batches.flat());
}

/** Of the batches in the segment all but the first, which is done. */
const WAITING = [
  { epoch: EPOCH, kind: 'sample', rows: 3, sequences: [[3, 4]] },
  {
    epoch: EPOCH,
    kind: 'drop',
    rows: 6,
    sequences: [
      [2, 3],
      [4, 5],
    ],
  },
] as const;

function booksText(length: number): string {
  const waiting = [...WAITING];
  const totals = waiting.map(({ kind, rows }) => ({ epoch: EPOCH, kind, outcome: 'seen' as const, rows: rows + 1 }));
  const lines = [
    { runs: [], totals, posted: [EPOCH], segments: [{ number: 1, length, waiting }] },
    {
      done: [{ number: 1, ranges: [[0, 10] as const] }],
      entries: [{ epoch: EPOCH, minute_ms: NOW_MS, kind: 'sample', outcome: 'sent' as const, rows: 1 }],
    },
    { segments: [{ number: 2, length: 100, waiting: [{ epoch: EPOCH, kind: 'reset', rows: 3, sequences: [[9, 10]] }] }], gone: [3] },
  ];
  return journalText('tcplens spool 3', lines);
}

/** One line of the books, or one record's header, with a checksum that fits: an older or newer version may write anything. */
function mutateSealed(part: Buffer, index: number, mutateBytes: MutateBytes, dice: Dice): Uint8Array {
  if (index === 0) {
    const lines = part.toString().split('\n');
    const at = dice.between(0, lines.length - 1);
    const json = Buffer.from(mutateBytes(Buffer.from(lines[at]?.slice(9) ?? ''))).toString();
    lines[at] = `${crc32(json).toString(16).padStart(8, '0')} ${json}`;
    return Buffer.from(lines.join('\n'));
  }
  const at = part.indexOf(MAGIC_BYTES, dice.between(0, part.length));
  if (at < 0 || at + 56 > part.length) return mutateBytes(part);
  const end = Math.min(part.length, at + 56 + (part[at + 54] ?? 0) + (part[at + 55] ?? 0));
  const changed = Buffer.concat([part.subarray(0, at + 8), mutateBytes(part.subarray(at + 8, end)), part.subarray(end)]);
  if (at + 56 > changed.length) return changed;
  const now = Math.min(changed.length, at + 56 + (changed[at + 54] ?? 0) + (changed[at + 55] ?? 0));
  changed.writeUInt32LE(crc32(changed.subarray(at + 8, now)), at + 4);
  return changed;
}

type Parts = { books: Buffer; segment: Buffer };

async function look(disk: MemoryDisk, parts: Parts): Promise<void> {
  const state = await readBooks(disk, DIRECTORY).catch((error: unknown) => {
    if (error instanceof CannotRunError) return undefined;
    throw error;
  });
  // Of another version: it says so, and touches nothing.
  if (state === undefined) return;
  const accounting = new Accounting();
  const { segments, schemas, hosts, next_number } = await recover(disk, DIRECTORY, state, accounting, NOW_MS);
  must(Number.isSafeInteger(next_number) && next_number > 0, `the next number is one: ${next_number}`);
  for (const [epoch, host_id] of hosts) must(/^[0-9a-f]{16} [0-9a-f]{16}$/.test(`${epoch} ${host_id}`), 'runs and hosts are ids');
  await keepLayouts(disk, DIRECTORY, schemas);
  const waiting = segments.reduce((sum, { waiting_bytes }) => sum + waiting_bytes, 0);
  must(waiting <= disk.bytes, 'no more waits than is there');
  checkBalance(accounting, segments);
  checkDamaged(accounting, segments, parts);
  const reader = new SegmentReader(disk, DIRECTORY);
  for (const segment of segments) {
    for (let left = segment.batches; ; left--) {
      const found = await reader.find(segment, () => false);
      if (found === undefined) break;
      must(left > 0, 'a batch is found once');
      checkFound(found, parts.segment);
      segment.lease(found.record);
      segment.settle(found.record);
    }
    must(segment.all_done, 'each batch that waits is found');
  }
  await reader.close();
}

/** Each row that was seen has come to an end by name, or waits. */
function checkBalance(accounting: Accounting, segments: Recovered['segments']): void {
  for (const { epoch, kind, outcome, rows } of accounting.all().totals) {
    if (outcome !== 'seen') continue;
    const waits = segments.reduce((sum, { waiting }) => sum + waiting.of(epoch, kind), 0);
    const ended = ENDS.reduce((sum, end) => sum + accounting.total(epoch, kind, end), 0);
    must(rows === waits + ended, `of ${rows} ${kind} rows ${ended} came to an end and ${waits} wait`);
  }
}

/** What was sound and is there is not lost; what the books know and nobody can read is. */
function checkDamaged(accounting: Accounting, segments: Recovered['segments'], { books, segment }: Parts): void {
  if (books.toString() !== booksText(segmentBytes().length)) return;
  const isSound = segment.equals(segmentBytes());
  for (const { kind, rows } of WAITING) {
    const damaged = accounting.total(EPOCH, kind, 'spool_damaged');
    const waits = segments.reduce((sum, { waiting }) => sum + waiting.of(EPOCH, kind), 0);
    must(damaged + waits >= rows && damaged <= rows, `of ${rows} ${kind} rows ${waits} wait and ${damaged} are lost`);
    must(!isSound || damaged === 0, `${damaged} ${kind} rows of a sound segment are lost`);
  }
  must(accounting.total(EPOCH, 'reset', 'spool_damaged') === 3, 'a segment that is gone is lost');
}

/** By its checksums, looked at here. */
function checkFound({ record, payload }: NonNullable<Awaited<ReturnType<SegmentReader['find']>>>, segment: Buffer): void {
  const { at, length, payload_length } = record;
  const payload_at = at + length - payload_length;
  must(crc32(segment.subarray(at + 8, payload_at)) === segment.readUInt32LE(at + 4), 'a header that is used is as it was written');
  must(payload === undefined || crc32(payload) === segment.readUInt32LE(at + 12), 'so is a payload');
}

export const target: Target = {
  covers: /^agent\/(spool\/|accounting)/,
  seeds: () => {
    const segment = segmentBytes();
    const layouts = Buffer.from(JSON.stringify([...ownLayouts().values()].slice(0, 2)));
    return [joinParts([Buffer.from(booksText(segment.length)), layouts, segment]), joinParts([Buffer.alloc(0), layouts, segment])];
  },
  words: [
    '"epoch":"',
    '"kind":"',
    '"rows":',
    '"number":1',
    '"ranges":[[',
    'tcsp',
    '"gone":[1]',
    '"forgotten":["00000000000000ee"]',
    '[]',
    '{}',
    'null',
  ],
  mutate(bytes, mutateBytes, dice) {
    const parts: Uint8Array[] = splitParts(bytes, 3);
    const index = dice.pick([0, 0, 1, 2, 2, 2]);
    const part = Buffer.from(parts[index] ?? []);
    parts[index] = index !== 1 && dice.chance(0.5) ? mutateSealed(part, index, mutateBytes, dice) : mutateBytes(part);
    return joinParts(parts);
  },
  async run(input) {
    const [books = Buffer.alloc(0), layouts = Buffer.alloc(0), segment = Buffer.alloc(0)] = splitParts(input, 3);
    const disk = new MemoryDisk();
    disk.put(`${DIRECTORY}/books`, books);
    disk.put(`${DIRECTORY}/layouts`, layouts);
    disk.put(fileOf(DIRECTORY, 1), segment);
    await look(disk, { books, segment });
    must(disk.open_files === 0, 'each file that was opened is closed');
  },
};
