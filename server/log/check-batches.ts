// Which batches of a segment are still as they were flushed. A checksum goes on from the one before it as the journal has it, so what
// is damaged makes none doubtful that comes after it.
import { crc32 } from 'node:zlib';
import type { CheckedSpan } from './batch-spans.ts';
import type { Live } from './replay.ts';

/** Neighbours that share a checksum, mostly one batch alone; in bytes of the segment. */
export type Stretch = { start: number; end: number; batches: CheckedSpan[] };
export type Checked = { sound: Stretch[]; damaged: Stretch[] };

/** @param bytes of the file, which may be shorter than it was */
export function checkBatches(bytes: Buffer, { state, spans }: Live): Checked {
  const checked: Checked = { sound: [], damaged: [] };
  let before = 0;
  let stretch: Stretch = { start: 0, end: 0, batches: [] };
  for (const batch of spans.checked()) {
    stretch.batches.push(batch);
    stretch.end += batch.rows * state.row_bytes;
    const crc = stretch.end === state.length ? state.crc : batch.crc;
    if (crc === 0 && stretch.end < state.length) continue;
    const { start, end } = stretch;
    const isSound = end <= bytes.length && crc32(bytes.subarray(start, end), before) === crc;
    checked[isSound ? 'sound' : 'damaged'].push(stretch);
    before = crc;
    stretch = { start: end, end, batches: [] };
  }
  if (stretch.batches.length > 0) checked.damaged.push(stretch);
  return checked;
}
