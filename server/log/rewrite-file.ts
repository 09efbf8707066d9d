// Writes a segment that can be inserted in place of one that cannot, since some of its batches are damaged or another version laid out its
// rows: the sound batches in the same order, in this version's layout.
import { crc32 } from 'node:zlib';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { segmentRowBytes } from '../storage/segment-insert.ts';
import { type BatchSpan, BatchSpans } from './batch-spans.ts';
import { frame, unframe } from './framing.ts';
import type { RecoverOptions } from './recovered.ts';
import type { Rows } from './row-layout.ts';
import { segmentPath } from './segment-name.ts';
import type { KnownSegment } from './segments.ts';

/** Where a sound batch lies, and whose it is. */
export type Identified = { start: number; end: number; span: BatchSpan };

const WRITE_BYTES = 1024 * 1024;

/**
 * Writes and flushes the segment `name`. Its bytes depend on the arguments alone, so a repetition makes the same file.
 * @param bytes of the file that the batches lie in
 */
export async function rewriteFile(
  { disk, directory }: RecoverOptions,
  { kind, name }: { kind: Kind; name: string },
  { bytes, rows, batches }: { bytes: Buffer; rows: Rows; batches: readonly Identified[] },
): Promise<KnownSegment> {
  const { schema, size } = KINDS[kind];
  const written = {
    kind,
    segment: name,
    schema,
    row_bytes: segmentRowBytes(kind),
    length: 0,
    crc: 0,
    spans: BatchSpans.of(batches.map(({ span }) => span)),
  };
  const target = await disk.open(segmentPath(directory, written), 'empty');
  let parts: Buffer[] = [];
  const write = async () => {
    const part = Buffer.concat(parts);
    await target.write([part], written.length);
    written.length += part.length;
    written.crc = crc32(part, written.crc);
    parts = [];
  };
  try {
    for (const { start, end, span } of batches) {
      const framed = bytes.subarray(start, end);
      parts.push(rows.isCurrent ? framed : converted(framed, span, rows, size));
      if (parts.reduce((sum, { length }) => sum + length, 0) >= WRITE_BYTES) await write();
    }
    await write();
    await target.sync();
  } finally {
    await target.close();
  }
  return written;
}

function converted(framed: Buffer, { epoch, sequence }: Identified['span'], rows: Rows, size: number): Buffer {
  const plain = unframe(framed, rows.size);
  return frame({ epoch, sequence, rows: rows.own(plain.rows), places: plain.places }, size);
}
