// Rows that were decoded, as bytes again: any bytes of a row, whatever its columns hold, come back as the same row.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRows } from '../../../agent/recording/encode-row.ts';
import { KIND, KINDS, type Kind, type Rows } from '../../../bpf/rows/rows.gen.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { tries } from '../../support/tries.ts';
import { RECORDED } from '../recorded.ts';

const decode = <Name extends Kind>(kind: Name, bytes: Uint8Array): Rows[Name] =>
  KINDS[kind].read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0) as Rows[Name];

test.each(RECORDED.map(([kind, values]) => ({ kind, values })))('$kind: the bytes are those it was decoded of', ({ kind, values }) => {
  const bytes = rowBytes(kind, { time_ns: 1_700_000_000_123_456_789n, host_id: 0xffff_ffff_ffff_fff7n, filters: 0x8000_0001, ...values });
  expect(Buffer.from(encodeRows(kind, [decode(kind, bytes)]))).toEqual(bytes);
});

test.each(KIND)('%s: any bytes decode to a row that comes back', (kind) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: KINDS[kind].size, maxLength: KINDS[kind].size }), (bytes) => {
      const row = decode(kind, textual(kind, bytes));
      expect(decode(kind, encodeRows(kind, [row]))).toEqual(row);
    }),
    tries(200),
  );
});

/** What rows hold: the kind is the row's, and text is ASCII. */
function textual(kind: Kind, noise: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(noise);
  for (const { name, type, offset, size } of KINDS[kind].columns) {
    if (type.startsWith('FixedString')) for (let at = offset; at < offset + size; at++) bytes[at] = (bytes[at] ?? 0) & 0x7f;
    if (name === 'kind') bytes[offset] = KINDS[kind].index;
  }
  return bytes;
}
