// Batches that share a flush: writes their rows, and makes the journal's records of them.
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { segmentRowBytes } from '../storage/segment-insert.ts';
import { allDone } from './all-done.ts';
import { BATCH_COST_BYTES } from './batch-spans.ts';
import type { BoundedFiles } from './bounded-files.ts';
import type { BatchId } from './cursors.ts';
import type { JournalRecord } from './journal-record.ts';
import { LANES, LATE, type Lane } from './lane.ts';
import type { Segments } from './segments.ts';

/**
 * `quarantined`: rows that were taken out because of their time. `places`: the indices of the other rows in the batch as it was sent.
 * `oldest_ns`: none of the rows is older; undefined where nobody has looked at their times.
 */
export type Batch = BatchId & { kind: Kind; lane: Lane; rows: Buffer; oldest_ns?: number; places?: Uint32Array; quarantined?: Buffer };

/** In a larger group the first batches would wait for the last ones. */
const GROUP_MAX = { batches: 1024, bytes: { live: 32 * 1024 * 1024, late: LATE.group_bytes_max } };

/** Takes the first batches of each lane from `waiting`, up to the group's limits; at least one of each lane that has any. */
export function takeGroup<Waiting extends { batch: Batch }>(waiting: Record<Lane, Waiting[]>): Waiting[] {
  return LANES.flatMap((lane) => {
    let bytes = 0;
    const end = waiting[lane].findIndex(({ batch }, index) => {
      bytes += batch.rows.length;
      return index > 0 && (index >= GROUP_MAX.batches || bytes > GROUP_MAX.bytes[lane]);
    });
    return waiting[lane].splice(0, end < 0 ? Number.POSITIVE_INFINITY : end);
  });
}

/** Bytes that a batch counts for against the log's limit. */
export function costOf({ kind, rows }: Batch): number {
  return (rows.length / KINDS[kind].size) * segmentRowBytes(kind) + BATCH_COST_BYTES;
}

function quarantinedCount({ kind, quarantined }: Batch): number {
  return quarantined === undefined ? 0 : quarantined.length / KINDS[kind].size;
}

/** Writes and flushes the rows, all segments in parallel. Returns the journal's records of them. */
export async function writeGroup(
  segments: Segments,
  quarantine: BoundedFiles,
  batches: readonly Batch[],
  minute_ms: number,
): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  const write = async (kind: Kind, lane: Lane, together: readonly Batch[]) => {
    for (const [batch, state] of await segments.append(kind, lane, together)) {
      const { host_id, epoch, sequence, rows } = batch;
      const lost = quarantinedCount(batch);
      const note = lost > 0 ? { quarantined: { minute_ms, rows: lost } } : {};
      records.push({ t: 'batch', host_id, epoch, sequence, rows: rows.length / KINDS[kind].size, ...note, ...state });
    }
  };
  const [empty, filled] = [batches.filter(({ rows }) => rows.length === 0), batches.filter(({ rows }) => rows.length > 0)];
  const writes = LANES.flatMap((lane) => {
    const kinds = Map.groupBy(
      filled.filter((batch) => batch.lane === lane),
      ({ kind }) => kind,
    );
    return [...kinds].map(([kind, together]) => write(kind, lane, together));
  });
  await allDone([quarantine.append(quarantinedOf(batches)), ...writes]);
  for (const batch of empty) {
    const { host_id, epoch, kind, sequence } = batch;
    records.push({ t: 'emptied', host_id, epoch, kind, sequence, quarantined: { minute_ms, rows: quarantinedCount(batch) } });
  }
  return records;
}

function quarantinedOf(batches: readonly Batch[]): Map<Kind, Buffer[]> {
  const found = new Map<Kind, Buffer[]>();
  for (const { kind, quarantined } of batches) if (quarantined) found.set(kind, [...(found.get(kind) ?? []), quarantined]);
  return found;
}
