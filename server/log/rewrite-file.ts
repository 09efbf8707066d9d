// A segment without its damaged batches, or of another version of tcplens, as one that can be stored: the other batches in the same
// order in this version's rows, so that its token and its batches stay what they are.
import { crc32 } from 'node:zlib';
import type { Conversion } from '../../bpf/rows/layout.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { BatchSpans } from './batch-spans.ts';
import type { Stretch } from './check-batches.ts';
import { type Files, writeAll } from './files.ts';
import type { KnownSegment } from './segments.ts';

const ROWS_AT_ONCE = 4096;
const WRITE_BYTES = 1024 * 1024;

/**
 * Writes and flushes `to`. The bytes that it holds depend on what is given alone.
 * @param bytes of the segment, of which the stretches are taken
 * @param conversion undefined: the rows are this version's
 */
export async function rewriteFile(
  files: Files,
  { bytes, to, kind }: { bytes: Buffer; to: string; kind: Kind },
  stretches: readonly Stretch[],
  conversion: Conversion | undefined,
): Promise<Omit<KnownSegment, 'kind' | 'segment'>> {
  const { schema, size } = KINDS[kind];
  const written = { schema, row_bytes: size, length: 0, crc: 0, spans: new BatchSpans() };
  const target = await files.open(to, 'w');
  let parts: Buffer[] = [];
  const write = async () => {
    await writeAll(target, parts, written.length);
    written.length += sizeOf(parts);
    parts = [];
  };
  try {
    for (const { batch, rows } of rowsOf(bytes, stretches, conversion?.size ?? size)) {
      for (const some of rows) {
        const part = conversion ? Buffer.from(conversion.convert(some, new Map())) : some;
        parts.push(part);
        written.crc = crc32(part, written.crc);
      }
      written.spans.push({ ...batch, crc: written.crc });
      if (sizeOf(parts) >= WRITE_BYTES) await write();
    }
    if (parts.length > 0) await write();
    await target.sync();
  } finally {
    await target.close();
  }
  return written;
}

function* rowsOf(bytes: Buffer, stretches: readonly Stretch[], size: number) {
  for (const { start, batches } of stretches) {
    let at = start;
    for (const batch of batches) {
      const end = at + batch.rows * size;
      const rows: Buffer[] = [];
      for (; at < end; at += ROWS_AT_ONCE * size) rows.push(bytes.subarray(at, Math.min(end, at + ROWS_AT_ONCE * size)));
      at = end;
      yield { batch, rows };
    }
  }
}

function sizeOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
