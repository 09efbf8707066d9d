// Rows that have just come and rows that have waited somewhere go their own ways to the store, so that a backlog does not hide
// what happens now.
import { HEAD_AT } from '../../bpf/rows/rows.gen.ts';

const MIB = 1024 * 1024;

export const LANES = ['live', 'late'] as const;
export type Lane = (typeof LANES)[number];

export const LATE = {
  /** Age of a batch's first row. What an agent has just cut is a second old; clocks may differ. */
  age_ms_min: 60_000,
  /** Of batches that share a flush: a segment is sealed after it, and what is live waits for it. */
  group_bytes_max: 4 * MIB,
  /** Of the log's limit: seconds of inserts, and less than what a person has to be told of. The rest is for what is live. */
  log_share_max: 0.2,
} as const;

/** By the first row's time. @param rows as the log takes them; those of a batch without rows are live */
export function laneOf(rows: Buffer, now_ms: number): Lane {
  if (rows.length === 0) return 'live';
  const age_ms = now_ms - Number(rows.readBigUInt64LE(HEAD_AT.time_ns)) / 1e6;
  return age_ms >= LATE.age_ms_min ? 'late' : 'live';
}

export function eachLane<Value>(value: (lane: Lane) => Value): Record<Lane, Value> {
  return { live: value('live'), late: value('late') };
}
