// Batches as they lie in a segment, against bytes that were made by hand.
import { expect, test } from 'vitest';
import { KIND, KINDS } from '../../../bpf/rows/rows.gen.ts';
import { examine } from '../../../server/log/examine.ts';
import { batchAt, frame, unframe } from '../../../server/log/framing.ts';
import { segmentBytes } from '../../support/segment-bytes.ts';

const EPOCH = 'fedcba9876543210';
const junk = Buffer.alloc(40, 0x5a);

test.each(KIND)('rows of %s are framed as identity.ts says, with the places that they had in their batch', (kind) => {
  const { size } = KINDS[kind];
  const rows = [1, 2, 3].map((byte) => Buffer.alloc(size, byte));
  for (const places of [undefined, [0, 4, 5]]) {
    const batch = { epoch: EPOCH, sequence: 2 ** 52 + 7, rows: Buffer.concat(rows), ...(places && { places: Uint32Array.from(places) }) };
    const framed = frame(batch, size);
    expect(framed).toEqual(segmentBytes(rows, { epoch: EPOCH, sequence: 2 ** 52 + 7, ...(places && { places }) }));
    expect(batchAt(framed, 0, size)).toEqual({ epoch: EPOCH, sequence: 2 ** 52 + 7, rows: 3 });
    expect(unframe(framed, size)).toEqual({ rows: batch.rows, places: Uint32Array.from(places ?? [0, 1, 2]) });
  }
});

test('no byte of a batch can change unseen', () => {
  const { size } = KINDS.drop;
  const framed = segmentBytes([Buffer.alloc(size, 1), Buffer.alloc(size, 2)], { epoch: EPOCH, sequence: 9 });
  for (let at = 0; at < framed.length; at++) {
    const bytes = Buffer.from(framed);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    expect([at, batchAt(bytes, 0, size)]).toEqual([at, undefined]);
  }
});

test('batches are found wherever they begin, and what lies between them is named', () => {
  const { size } = KINDS.drop;
  const batch = (sequence: number) => segmentBytes([Buffer.alloc(size, sequence)], { epoch: EPOCH, sequence });
  const file = Buffer.concat([Buffer.alloc(13), batch(1), batch(2), Buffer.alloc(700, 0xff), batch(3), batch(4).subarray(0, 50)]);
  const length = size + 32;
  expect(examine(file, size, [])).toMatchObject({
    sound: [1, 2, 3].map((sequence) => ({ batch: { sequence } })),
    unsound: [
      { start: 0, end: 13, of: 'nobody' },
      { start: 13 + 2 * length, end: 713 + 2 * length, of: 'nobody' },
      { start: 713 + 3 * length, end: file.length, of: 'nobody' },
    ],
  });
});

test('a file that something was put into still has the batches that the journal tells of', () => {
  const { size } = KINDS.drop;
  const spans = [1, 2, 3].map((sequence) => ({ host_id: '00000000000000aa', epoch: EPOCH, sequence, rows: 1, sent_rows: 1 }));
  const [first, second, third] = spans.map(({ sequence }) => segmentBytes([Buffer.alloc(size, sequence)], { epoch: EPOCH, sequence }));
  const { sound, missing } = examine(Buffer.concat([first ?? junk, junk, third ?? junk, second?.subarray(1) ?? junk]), size, spans);
  expect(sound.map(({ known }) => known?.sequence)).toEqual([1, 3]);
  expect(missing).toEqual(spans.slice(1, 2));
});
