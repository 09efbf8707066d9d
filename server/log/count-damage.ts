// Finds out whose rows were in damaged bytes, and counts the rows as lost: by the journal, or, if the journal does not know the bytes, by
// the rows themselves.
import { hex64 } from '../../agent/contract/hex64.ts';
import { HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { TRAILER_BYTES } from '../storage/identity.ts';
import type { BatchSpan } from './batch-spans.ts';
import { trailerAt } from './framing.ts';
import { EPOCH_UNKNOWN, type Losses, type SegmentLoss } from './losses.ts';
import type { Rows } from './row-layout.ts';

type Damaged = { kind: Kind; segment: string; minute_ms: number };

/**
 * Counts rows as `log_damaged`: all rows of the batches in `missing`, and each row in `unsound` whose own bytes still name its host.
 * @returns the number of bytes that do not say whose rows they were
 */
export function countDamage(
  losses: Losses,
  damaged: Damaged,
  missing: readonly BatchSpan[],
  { bytes, rows, unsound }: { bytes: Buffer; rows: Rows; unsound: readonly { start: number; end: number }[] },
): number {
  const counted = new Map<string, BatchSpan>();
  let unknown = 0;
  const count = (batch: BatchSpan) => {
    const key = `${batch.host_id}/${batch.epoch}/${batch.sequence}`;
    const before = counted.get(key);
    const sent_rows = Math.max(batch.sent_rows, before?.sent_rows ?? 0);
    counted.set(key, { ...batch, rows: batch.rows + (before?.rows ?? 0), sent_rows });
  };
  for (const batch of missing) count(batch);
  for (const { start, end } of unsound) {
    const stride = rows.size + TRAILER_BYTES;
    let at = start;
    for (; at + stride <= Math.min(end, bytes.length); at += stride) {
      const owner = ownerOf(bytes, at, damaged.kind, rows);
      if (owner) count(owner);
      else unknown += stride;
    }
    unknown += end - at;
  }
  for (const batch of counted.values()) losses.add(lossOf(batch, damaged));
  return unknown;
}

/** The batch that the row names. Its host is believed if its kind is right, and its batch if the trailer has the form of one. */
function ownerOf(bytes: Buffer, at: number, kind: Kind, { size, own }: Rows): BatchSpan | undefined {
  const row = own(bytes.subarray(at, at + size));
  const host = row.readBigUInt64LE(HEAD_AT.host_id);
  if (host === 0n || row[HEAD_AT.kind] !== KINDS[kind].index) return undefined;
  const { epoch, sequence } = trailerAt(bytes, at, size) ?? { epoch: EPOCH_UNKNOWN, sequence: 0 };
  return { host_id: hex64(host), epoch, sequence, rows: 1, sent_rows: 0 };
}

/** For rows of unknown batches the reporter is the segment's name, so that a later start that counts them again makes the same entry. */
function lossOf(batch: BatchSpan, { kind, segment, minute_ms }: Damaged): SegmentLoss {
  const reporter = batch.sequence === 0 ? segment : '';
  return { ...batch, kind, outcome: 'log_damaged', reporter, segment, minute_ms };
}
