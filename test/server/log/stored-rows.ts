// Rows of a segment as the store sees them: a row, and the identity by which it is one however often it is inserted. The trailer's members
// are where the engine reads them: epoch and sequence 8 bytes each, then the row's place in its batch.
import { HEAD_AT, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';

const TRAILER = 32;

export type StoredRow = { name: string; row: Buffer; sequence: number; place: number };

export function identified(bytes: Buffer, kind: Kind): StoredRow[] {
  const { size } = KINDS[kind];
  return Array.from({ length: bytes.length / (size + TRAILER) }, (_, index) => {
    const at = index * (size + TRAILER);
    const row = bytes.subarray(at, at + size);
    const [epoch, sequence] = [bytes.readBigUInt64LE(at + size), Number(bytes.readBigUInt64LE(at + size + 8))];
    const place = bytes.readUInt32LE(at + size + 16);
    return { name: [row.readBigUInt64LE(HEAD_AT.host_id), epoch, kind, sequence, place].join('/'), row, sequence, place };
  });
}
