// A segment that another version of tcplens wrote, as this version's rows: the same rows in the same order, so that its token
// and its batches stay what they are.
import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Conversion } from '../../bpf/layout.ts';
import { KINDS, type Kind } from '../../bpf/rows.gen.ts';
import { type Files, writeAll } from './files.ts';
import type { SegmentState } from './journal-line.ts';

const ROWS_AT_ONCE = 4096;

/** Writes and flushes `to`. The bytes that it holds depend on those of `from` alone. */
export async function convertFile(
  files: Files,
  { from, to, kind }: { from: string; to: string; kind: Kind },
  conversion: Conversion,
): Promise<Omit<SegmentState, 'kind' | 'segment'>> {
  const { schema, size } = KINDS[kind];
  const converted = { schema, row_bytes: size, length: 0, crc: 0 };
  const rows = await readFile(from);
  const target = await files.open(to, 'w');
  const step = ROWS_AT_ONCE * conversion.size;
  try {
    for (let at = 0; at < rows.length; at += step) {
      const part = Buffer.from(conversion.convert(rows.subarray(at, at + step), new Map()));
      await writeAll(target, [part], converted.length);
      converted.crc = crc32(part, converted.crc);
      converted.length += part.length;
    }
    await target.sync();
  } finally {
    await target.close();
  }
  return converted;
}
