// Finds the bytes of a segment's file that are batches as they were written. A batch that the journal names is first looked for in its
// place. All other batches are found by their framing, at whichever byte they begin. Pure.
import { TRAILER_BYTES } from '../storage/identity.ts';
import type { BatchSpan } from './batch-spans.ts';
import { batchAt, type Framed } from './framing.ts';

type Range = { start: number; end: number };
/** `known`: the journal's span of this batch, where it has one. */
export type SoundBatch = Range & { batch: Framed; known?: BatchSpan };
/**
 * Bytes that are no sound batch. `missing`: they are where the journal has a batch. `acknowledged`: they are where the journal has rows
 * without knowing the batch, since its line is damaged. `nobody`: the journal does not know them.
 */
export type Unsound = Range & { of: 'missing' | 'acknowledged' | 'nobody' };
/** In the order of the file. `missing`: batches that the journal has and the file does not. */
export type Examined = { sound: SoundBatch[]; unsound: Unsound[]; missing: BatchSpan[] };

/**
 * @param bytes of the file, which may be shorter or longer than the journal says
 * @param size of a row without its trailer, in bytes
 * @param spans the batches that the journal has of the file, from its first byte on; none where the journal does not know the file
 */
export function examine(bytes: Buffer, size: number, spans: readonly BatchSpan[]): Examined {
  const found: Examined = { sound: [], unsound: [], missing: [] };
  let [at, start] = [0, 0];
  let displaced: BatchSpan[] = [];
  const search = (end: number) => {
    searchFor(displaced, bytes, size, { start, end }, at, found);
    displaced = [];
  };
  for (const span of spans) {
    const end = at + span.rows * (size + TRAILER_BYTES);
    const batch = span.sequence === 0 ? undefined : batchAt(bytes.subarray(0, end), at, size);
    if (batch === undefined || !isBatch(span, batch)) {
      if (span.sequence === 0) {
        search(at);
        scan(bytes, size, { start: at, end }, 'acknowledged', found);
        start = end;
      } else displaced.push(span);
    } else {
      search(at);
      found.sound.push({ start: at, end, batch, known: span });
      start = end;
    }
    at = end;
  }
  search(Math.max(at, bytes.length));
  return found;
}

/** Looks for batches that are not in their places: bytes that were put in or taken out before them have moved them. */
function searchFor(displaced: readonly BatchSpan[], bytes: Buffer, size: number, range: Range, known_end: number, into: Examined): void {
  const found: Examined = { sound: [], unsound: [], missing: [] };
  scan(bytes, size, range, 'nobody', found);
  const left = [...displaced];
  for (const batch of found.sound) {
    const known = left.find((span) => isBatch(span, batch.batch));
    if (known) left.splice(left.indexOf(known), 1);
    into.sound.push(known ? { ...batch, known } : batch);
  }
  into.missing.push(...left);
  for (const { start, end } of found.unsound) {
    if (start < known_end) into.unsound.push({ start, end: Math.min(end, known_end), of: 'missing' });
    if (end > known_end) into.unsound.push({ start: Math.max(start, known_end), end, of: 'nobody' });
  }
}

function scan(bytes: Buffer, size: number, { start, end }: Range, of: Unsound['of'], into: Examined): void {
  const some = bytes.subarray(0, end);
  let unsoundFrom = start;
  const passOver = (to: number) => {
    if (to > unsoundFrom) into.unsound.push({ start: unsoundFrom, end: to, of });
  };
  for (let at = start; at < some.length; ) {
    const batch = batchAt(some, at, size);
    if (batch === undefined) {
      at++;
      continue;
    }
    passOver(at);
    const next = at + batch.rows * (size + TRAILER_BYTES);
    into.sound.push({ start: at, end: next, batch });
    at = next;
    unsoundFrom = next;
  }
  passOver(end);
}

function isBatch(span: BatchSpan, batch: Framed): boolean {
  return batch.epoch === span.epoch && batch.sequence === span.sequence && batch.rows === span.rows;
}
