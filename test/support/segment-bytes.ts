// A segment's bytes as identity.ts describes them, written here by hand so that what reads them is checked against something else.
import { crc32 } from 'node:zlib';

/** `epoch` as 16 hex digits. */
export type BatchOf = { epoch: string; sequence: number };

/** The rows of one batch, each with its trailer. @param rows of equal length */
export function segmentBytes(rows: readonly Buffer[], { epoch, sequence }: BatchOf): Buffer {
  const head = Buffer.alloc(20);
  head.writeBigUInt64LE(BigInt(`0x${epoch}`), 0);
  head.writeBigUInt64LE(BigInt(sequence), 8);
  head.writeUInt32LE(rows.length, 16);
  const crc = crc32(Buffer.concat([head, ...rows]));
  return Buffer.concat(
    rows.map((row, batch_row) => {
      const trailer = Buffer.alloc(32);
      head.copy(trailer, 0, 0, 16);
      trailer.writeUInt32LE(batch_row, 16);
      trailer.writeUInt32LE(rows.length, 20);
      trailer.writeUInt32LE(crc, 24);
      return Buffer.concat([row, trailer]);
    }),
  );
}
