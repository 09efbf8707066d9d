// Halves a segment that the store refuses, until the rows that it refuses are found, and moves those out of the log. A crash can come
// between any two steps: when the step is repeated, it makes the same files.
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Disk } from '../../agent/durable/disk.ts';
import type { Journal } from '../../agent/durable/journal.ts';
import { readWhole, writeWhole } from '../../agent/durable/whole-file.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { segmentRowBytes } from '../storage/segment-insert.ts';
import type { BatchSpans } from './batch-spans.ts';
import type { BoundedFiles } from './bounded-files.ts';
import { batchAt, frame, unframe } from './framing.ts';
import type { JournalRecord } from './journal-record.ts';
import { countLost, type Losses, minuteOf } from './losses.ts';
import { segmentPath } from './segment-name.ts';
import { type KnownSegment, packed, type SealedSegment, type Segments } from './segments.ts';

export type RefusedParts = {
  disk: Disk;
  directory: string;
  segments: Segments;
  journal: Journal<JournalRecord>;
  losses: Losses;
  letters: BoundedFiles;
};
type Sealed = { segment: SealedSegment; spans: BatchSpans };

/** Replaces the segment by two halves, which are named after it. Returns their names; none if the segment is no longer in the log. */
export async function splitSegment({ disk, directory, segments, journal }: RefusedParts, name: string): Promise<string[]> {
  const whole = segments.get(name);
  if (!whole) return [];
  const halves = await writeHalves(disk, directory, whole);
  await journal.append([{ t: 'split', segment: name, halves: halves.map((half) => packed(half, half.spans)) }], true);
  for (const half of halves) segments.addSealed(half, whole.segment.lane);
  await segments.remove(name);
  return halves.map(({ segment }) => segment);
}

async function writeHalves(disk: Disk, directory: string, { segment, spans }: Sealed): Promise<KnownSegment[]> {
  const { kind, schema, row_bytes } = segment;
  const rows = Math.floor(segment.length / row_bytes / 2);
  const bytes = await readWhole(disk, segment.path);
  if (bytes.length !== segment.length) throw new Error(`${segment.path} has ${bytes.length} bytes, not ${segment.length}`);
  const [first, second] = spans.split(rows);
  const parts = [
    { name: `${segment.segment}.0`, half: reframed(bytes.subarray(0, rows * row_bytes), kind, first), spans: first },
    { name: `${segment.segment}.1`, half: reframed(bytes.subarray(rows * row_bytes), kind, second), spans: second },
  ];
  for (const { name, half } of parts) await writeWhole(disk, segmentPath(directory, { kind, segment: name, schema }), [half]);
  await disk.syncDirectory(dirname(segment.path));
  return parts.map(({ name, half, spans }) => ({ kind, segment: name, schema, row_bytes, length: half.length, crc: crc32(half), spans }));
}

/** The bytes of one half. A batch across the cut becomes a batch of fewer rows in each half; its rows keep their places in the batch. */
function reframed(bytes: Buffer, kind: Kind, spans: BatchSpans): Buffer {
  const { size } = KINDS[kind];
  let at = 0;
  const batches = spans.list().map(({ epoch, sequence, rows }) => {
    const batch = bytes.subarray(at, at + rows * segmentRowBytes(kind));
    at += batch.length;
    return batchAt(batch, 0, size) === undefined ? frame({ epoch, sequence, ...unframe(batch, size) }, size) : batch;
  });
  return Buffer.concat(batches);
}

/** Moves the segment to the dead letters with the reason beside it, and counts its rows as lost. */
export async function burySegment({ disk, segments, journal, losses, letters }: RefusedParts, name: string, reason: string): Promise<void> {
  const dead = segments.get(name);
  if (!dead) return;
  await keepLetter(disk, letters, dead.segment, reason);
  const minute_ms = minuteOf(Date.now());
  await journal.append([{ t: 'buried', segment: name, minute_ms }], true);
  countLost(losses, dead.segment, dead.spans.list(), 'dead_letter', minute_ms);
  await segments.remove(name);
}

/** Gives the segment's file a second name among the dead letters, so that the rows need not be written again. */
async function keepLetter(disk: Disk, letters: BoundedFiles, segment: SealedSegment, reason: string): Promise<void> {
  await letters.makeRoom(segment.length);
  const path = join(letters.directory, `${segment.kind}-${segment.segment}`);
  const { kind, schema, length, row_bytes, batches } = segment;
  const story = { kind, schema, rows: length / row_bytes, reason, batches };
  await writeWhole(disk, `${path}.json`, [Buffer.from(`${JSON.stringify(story, undefined, 2)}\n`)]);
  await disk.remove(`${path}.rows`);
  await disk.link(segment.path, `${path}.rows`);
  await disk.syncDirectory(letters.directory);
}
