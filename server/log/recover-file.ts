// Recovers one segment's file at a start. A file that is as it was written becomes a sealed segment as it is. Of any other file the sound
// batches do, and the rest is set aside for a person to look at.
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { hex64 } from '../../agent/contract/hex64.ts';
import { readIfThere, writeWhole } from '../../agent/durable/whole-file.ts';
import { HEAD_AT, KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { segmentRowBytes } from '../storage/segment-insert.ts';
import { BatchSpans } from './batch-spans.ts';
import { countDamage } from './count-damage.ts';
import { examine, type SoundBatch } from './examine.ts';
import type { SegmentState } from './journal-record.ts';
import { countLost, minuteOf } from './losses.ts';
import { ASIDE, type Recovered, type RecoverOptions } from './recovered.ts';
import { type Identified, rewriteFile } from './rewrite-file.ts';
import { type Rows, rowsOf } from './row-layout.ts';
import { soundPartOf } from './segment-name.ts';

/** A file, or one that should be there. `known`: what the journal says of it. */
export type Found = Pick<SegmentState, 'kind' | 'segment' | 'schema'> & {
  path: string;
  known?: Pick<SegmentState, 'length' | 'crc'> & { spans: BatchSpans };
};
type Range = { start: number; end: number };
type Readable = Found & { kind: Kind; rows: Rows; bytes: Buffer };

export async function recoverFile(options: RecoverOptions, found: Found, into: Recovered): Promise<void> {
  const { kind: name, segment, schema, path, known } = found;
  const bytes = await readIfThere(options.disk, path);
  if (bytes === undefined && !into.closed_journal) {
    const rows = known?.spans.list().reduce((sum, batch) => sum + batch.rows, 0) ?? 0;
    into.missing_unclear.push({ segment: `${name}/${segment}`, rows });
    return;
  }
  const kind = KIND.find((candidate) => candidate === name);
  const rows = kind && rowsOf(kind, schema, options.conversion);
  if (kind === undefined || rows === undefined) await setUnreadableAside(options, found, bytes, into);
  else if (rows.isCurrent && known?.spans.isKnown && bytes?.length === known.length && crc32(bytes) === known.crc)
    into.segments.push({ kind, segment, schema, row_bytes: segmentRowBytes(kind), ...known });
  else await recoverParts(options, { ...found, kind, rows, bytes: bytes ?? Buffer.alloc(0) }, into);
}

async function recoverParts(options: RecoverOptions, found: Readable, into: Recovered): Promise<void> {
  const { kind, segment, schema, path, known, rows, bytes } = found;
  const { sound, unsound, missing } = examine(bytes, rows.size, known?.spans.list() ?? []);
  await keepUnsound(options, found, bytes, unsound);
  const doubtful = unsound.filter(({ of }) => of === 'acknowledged' || (of === 'nobody' && !into.whole_journal));
  if (into.whole_journal) into.torn_bytes += sizeOf(unsound.filter(({ of }) => of === 'nobody'));
  into.damaged_batches += missing.length;
  const damaged = { kind, segment, minute_ms: minuteOf(Date.now()) };
  into.unknown_bytes += countDamage(into.losses, damaged, missing, { bytes, rows, unsound: doubtful });
  if (sound.length === 0 && (known !== undefined || doubtful.length > 0)) into.set_aside.push(`${kind}/${segment}`);
  const batches = sound.map((batch) => identified(batch, found));
  const end = sound.at(-1)?.end ?? 0;
  const isFree = !into.segments.some((one) => one.segment === segment);
  if (sound.length > 0 && isFree && rows.isCurrent && sizeOf(sound) === end) {
    const spans = BatchSpans.of(batches.map(({ span }) => span));
    into.segments.push({ kind, segment, schema, row_bytes: segmentRowBytes(kind), length: end, crc: crc32(bytes.subarray(0, end)), spans });
    if (end < bytes.length) into.cut.push({ path, length: end });
    return;
  }
  if (sound.length > 0) {
    let name = soundPartOf(segment);
    while (into.segments.some((one) => one.segment === name)) name = soundPartOf(name);
    into.segments.push(await rewriteFile(options, { kind, name }, { bytes, rows, batches }));
  }
  into.replaced.push({ segment, path });
}

/** The file has a kind or a layout that this version does not know, so nothing of it can be inserted. */
async function setUnreadableAside(options: RecoverOptions, found: Found, bytes: Buffer | undefined, into: Recovered): Promise<void> {
  const { kind, segment, path, known } = found;
  into.set_aside.push(`${kind}/${segment}`);
  if (known) countLost(into.losses, { kind, segment }, known.spans.list(), 'log_damaged', minuteOf(Date.now()));
  else into.unknown_bytes += bytes?.length ?? 0;
  if (bytes === undefined) return;
  await keepUnsound(options, found, bytes, [{ start: 0, end: bytes.length }]);
  into.replaced.push({ segment, path });
}

/** Writes the unsound bytes to the folder for them. A repetition writes the same file. */
async function keepUnsound({ disk, directory }: RecoverOptions, found: Found, bytes: Buffer, unsound: readonly Range[]): Promise<void> {
  const parts = unsound.map(({ start, end }) => bytes.subarray(start, end)).filter(({ length }) => length > 0);
  const [first] = unsound;
  if (first === undefined || parts.length === 0) return;
  const name = `${found.kind}-${found.segment}.${found.schema.slice(found.kind.length + 1)}.from-${first.start}.rows`;
  await writeWhole(disk, join(directory, ASIDE, name), [Buffer.concat(parts)]);
}

/** Whose a sound batch is: as the journal says; else as its rows (the host) and their trailers (the rest) say. */
function identified({ start, end, batch, known }: SoundBatch, { bytes, rows }: Readable): Identified {
  if (known) return { start, end, span: known };
  const host = rows.own(bytes.subarray(start, start + rows.size)).readBigUInt64LE(HEAD_AT.host_id);
  return { start, end, span: { host_id: hex64(host), ...batch, sent_rows: 0 } };
}

function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
