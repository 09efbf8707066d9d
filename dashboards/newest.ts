// The rows of the live table: newest first, without duplicates, within a limit.
import type { Retransmit } from '../server/api.ts';

/** Identifies a row: a socket sends one skb at a time. */
export const rowKey = (row: Retransmit): string => `${row.host_id}/${row.time_ns}/${row.connection_id}/${row.seq}/${row.segments}`;

/** Adds `incoming` (in any order) to `rows` (newest first), and keeps the newest `rows_max`. */
export function mergeNewest(rows: readonly Retransmit[], incoming: readonly Retransmit[], rows_max: number): Retransmit[] {
  const known = new Set(rows.map(rowKey));
  const fresh: Retransmit[] = [];
  for (const row of incoming) {
    const key = rowKey(row);
    if (known.has(key)) continue;
    known.add(key);
    fresh.push(row);
  }
  if (fresh.length === 0) return rows.slice(0, rows_max);
  return [...fresh, ...rows].sort(newestFirst).slice(0, rows_max);
}

/** Times are decimal strings of 64-bit numbers: the longer string is the later time; equal lengths compare as text. */
function newestFirst(a: Retransmit, b: Retransmit): number {
  if (a.time_ns.length !== b.time_ns.length) return b.time_ns.length - a.time_ns.length;
  return a.time_ns < b.time_ns ? 1 : a.time_ns > b.time_ns ? -1 : 0;
}
