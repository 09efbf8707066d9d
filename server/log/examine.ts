// Which bytes of a segment's file are batches as they were written. Where the journal tells what lies there, each batch is looked for in its
// place; where nobody does, batches are found by their framing, at whichever byte they begin. Pure.
import { TRAILER_BYTES } from '../storage/identity.ts';
import type { BatchSpan } from './batch-spans.ts';
import { batchAt, type Framed } from './framing.ts';

type Range = { start: number; end: number };
/** `known`: whose it is, where the journal says so. */
export type SoundBatch = Range & { batch: Framed; known?: BatchSpan };
/** Not a batch. `told`: the journal says that something was acknowledged here; without it that is not known. */
export type Unsound = Range & { told: boolean; known?: BatchSpan };
/** Both in the order of the file. */
export type Examined = { sound: SoundBatch[]; unsound: Unsound[] };

/**
 * @param bytes of the file, which may be shorter or longer than the journal says
 * @param size of a row without its trailer
 * @param spans what the journal knows of it, from its beginning; none where it does not know the file
 */
export function examine(bytes: Buffer, size: number, spans: readonly BatchSpan[]): Examined {
  const found: Examined = { sound: [], unsound: [] };
  let at = 0;
  for (const span of spans) {
    const end = at + span.rows * (size + TRAILER_BYTES);
    if (span.sequence === 0) scan(bytes, size, { start: at, end }, true, found);
    else {
      const batch = batchAt(bytes.subarray(0, end), at, size);
      const isIt = batch?.epoch === span.epoch && batch.sequence === span.sequence && batch.rows === span.rows;
      if (isIt) found.sound.push({ start: at, end, batch, known: span });
      else found.unsound.push({ start: at, end, told: true, known: span });
    }
    at = end;
  }
  if (at < bytes.length) scan(bytes, size, { start: at, end: bytes.length }, false, found);
  return found;
}

function scan(bytes: Buffer, size: number, { start, end }: Range, told: boolean, into: Examined): void {
  const some = bytes.subarray(0, end);
  let unsoundFrom = start;
  const passOver = (to: number) => {
    if (to > unsoundFrom) into.unsound.push({ start: unsoundFrom, end: to, told });
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
