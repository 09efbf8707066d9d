// A segment's bytes as identity.ts describes them, written here by hand so that what reads them is checked against something else.
import { crc32 } from 'node:zlib';

/** `epoch` as 16 hex digits. `places` of the rows in the batch as it was sent, where some are not here. */
export type BatchOf = { epoch: string; sequence: number; places?: readonly number[] };

/** The rows of one batch, each with its trailer. @param rows of equal length */
export function segmentBytes(rows: readonly Buffer[], { epoch, sequence, places = [] }: BatchOf): Buffer {
  const withTrailers = (crc: number) =>
    rows.map((row, index) => {
      const trailer = Buffer.alloc(32);
      trailer.writeBigUInt64LE(BigInt(`0x${epoch}`), 0);
      trailer.writeBigUInt64LE(BigInt(sequence), 8);
      trailer.writeUInt32LE(places[index] ?? index, 16);
      trailer.writeUInt32LE(rows.length, 20);
      trailer.writeUInt32LE(crc, 24);
      return Buffer.concat([row, trailer]);
    });
  return Buffer.concat(withTrailers(crc32(Buffer.concat(withTrailers(0)))));
}
