// Which segments are given up to stay within the spool's size and age, oldest first: arithmetic on their sizes and ages.
import type { GivenUp } from './segment.ts';

export type Caps = {
  /** of all segment files together */
  bytes_max: number;
  /** how long after it was cut a batch may be kept */
  age_ms_max: number;
};

const SEGMENT_BYTES = 8 * 1024 * 1024;
/** Records that one segment holds at most: their offsets are in memory while it is read back. */
const SEGMENT_BATCHES_MAX = 16_384;
const SEGMENT_AGE_MS_MAX = 3_600_000;
/** A segment is at most one of this many parts of the caps, so that giving one up loses little of what is kept. */
const PARTS = 16;

export type SegmentSize = { length: number; batches: number; oldest_ms: number };

/** Whether the next batch begins a new segment: this one has enough bytes or records, or is old enough. */
export function isFull({ length, batches, oldest_ms }: SegmentSize, { bytes_max, age_ms_max }: Caps, now_ms: number): boolean {
  if (batches === 0) return false;
  return (
    length >= Math.min(SEGMENT_BYTES, bytes_max / PARTS) ||
    batches >= SEGMENT_BATCHES_MAX ||
    now_ms - oldest_ms >= Math.min(SEGMENT_AGE_MS_MAX, age_ms_max / PARTS)
  );
}

/**
 * The segments to give up before `incoming` more bytes are written, with the reason for each.
 * @param segments - oldest first
 */
export function toGiveUp<Kept extends { length: number; newest_ms: number }>(
  segments: Iterable<Kept>,
  { bytes_max, age_ms_max }: Caps,
  incoming: number,
  now_ms: number,
): [Kept, GivenUp][] {
  const all = [...segments];
  let bytes = all.reduce((sum, { length }) => sum + length, incoming);
  const found: [Kept, GivenUp][] = [];
  for (const segment of all) {
    const expired = now_ms - segment.newest_ms > age_ms_max;
    if (!expired && bytes <= bytes_max) continue;
    bytes -= segment.length;
    found.push([segment, expired ? 'spool_expired' : 'spool_dropped']);
  }
  return found;
}
