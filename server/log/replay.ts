// Adds up the journal's records: which batches are stored, which segments are still to be inserted, and which rows were lost.
import { BatchSpans } from './batch-spans.ts';
import { Cursors } from './cursors.ts';
import type { JournalRecord, PackedSegment, SegmentState } from './journal-record.ts';
import { countLost, Losses, type SegmentLoss } from './losses.ts';

export type Uninserted = { state: SegmentState; spans: BatchSpans };
export type Replayed = { cursors: Cursors; losses: Losses; uninserted: Map<string, Uninserted> };

type BatchRecord = Extract<JournalRecord, { t: 'batch' }>;

export function replay(records: Iterable<JournalRecord>): Replayed {
  const replayed: Replayed = { cursors: new Cursors(), losses: new Losses(), uninserted: new Map() };
  for (const record of records) apply(record, replayed);
  return replayed;
}

function apply(record: JournalRecord, { cursors, losses, uninserted }: Replayed): void {
  switch (record.t) {
    case 'batch':
    case 'emptied':
      cursors.add(record);
      if (record.t === 'batch') addBatch(uninserted, record);
      for (const entry of quarantinedOf([record])) losses.add(entry);
      break;
    case 'segment':
      uninserted.set(record.segment, unpacked(record));
      break;
    case 'split':
      uninserted.delete(record.segment);
      for (const half of record.halves) uninserted.set(half.segment, unpacked(half));
      break;
    case 'buried': {
      const buried = uninserted.get(record.segment);
      if (buried) countLost(losses, buried.state, buried.spans.list(), 'dead_letter', record.minute_ms);
      uninserted.delete(record.segment);
      break;
    }
    case 'inserted':
    case 'replaced':
      uninserted.delete(record.segment);
      break;
    case 'cursor':
      cursors.restore(record);
      break;
    case 'lost': {
      const { t: _, ...entry } = record;
      losses.add(entry);
      break;
    }
    default:
      record satisfies never;
  }
}

/** Rows between the known end of the segment and the first row of this batch are of batches whose lines are damaged. */
function addBatch(uninserted: Map<string, Uninserted>, record: BatchRecord): void {
  const { state, spans } = uninserted.get(record.segment) ?? { state: { length: 0 }, spans: new BatchSpans() };
  if (record.length <= state.length) return;
  const missing = (record.length - state.length) / record.row_bytes - record.rows;
  if (missing > 0) spans.pushUnknown(missing);
  spans.push({ ...record, sent_rows: record.rows + (record.quarantined?.rows ?? 0) });
  uninserted.set(record.segment, { state: stateOf(record), spans });
}

function unpacked(segment: PackedSegment): Uninserted {
  return { state: stateOf(segment), spans: BatchSpans.fromText(segment.batches) };
}

function stateOf({ kind, segment, schema, row_bytes, length, crc }: SegmentState): SegmentState {
  return { kind, segment, schema, row_bytes, length, crc };
}

/** The counts of rows that were taken out of batches. */
export function quarantinedOf(records: readonly JournalRecord[]): SegmentLoss[] {
  return records.flatMap((record): SegmentLoss[] => {
    if ((record.t !== 'batch' && record.t !== 'emptied') || record.quarantined === undefined) return [];
    const { host_id, epoch, kind, sequence, quarantined } = record;
    const sent_rows = quarantined.rows + (record.t === 'batch' ? record.rows : 0);
    return [{ host_id, epoch, kind, sequence, sent_rows, outcome: 'quarantined', reporter: '', segment: '', ...quarantined }];
  });
}

/** The names of segments whose files may be removed: the store has them, or other files hold their rows. */
export function goneOf(records: readonly JournalRecord[]): Set<string> {
  const gone = records.filter(({ t }) => t === 'inserted' || t === 'split' || t === 'buried' || t === 'replaced');
  return new Set(gone.map((record) => ('segment' in record ? record.segment : '')));
}
