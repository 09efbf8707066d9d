// Two lanes to the store: `live` for rows that have just been made, `late` for rows that have waited somewhere. So a backlog does not delay
// what happens now.
import { HEAD_AT } from '../../bpf/rows/rows.gen.ts';

const MIB = 1024 * 1024;

export const LANES = ['live', 'late'] as const;
export type Lane = (typeof LANES)[number];

export const LATE = {
  /** A batch is late when its first row is so old. In a batch that was just cut it is a second old; the rest is for clocks that differ. */
  age_ms_min: 60_000,
  /** Late batches of so many bytes share a flush: live batches wait until it is over. */
  group_bytes_max: 4 * MIB,
  /** The share of the log's limit that late rows may take: seconds of inserts. The rest is left to live rows. */
  log_share_max: 0.2,
} as const;

/** The lane of a batch, by the time of its first row; a batch without rows is live. @param rows as the log takes them */
export function laneOf(rows: Buffer, now_ms: number): Lane {
  if (rows.length === 0) return 'live';
  const age_ms = now_ms - Number(rows.readBigUInt64LE(HEAD_AT.time_ns)) / 1e6;
  return age_ms >= LATE.age_ms_min ? 'late' : 'live';
}

export function eachLane<Value>(value: (lane: Lane) => Value): Record<Lane, Value> {
  return { live: value('live'), late: value('late') };
}
