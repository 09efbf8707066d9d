// In which state a host is, and how its agent's version is to the collector's. Pure.
import type { FleetState, Skew } from '../api/fleet.ts';

export const SILENT_MS = 120_000;
const NEW_MS = 600_000;
/** So many reports in a row have to be missing. */
const MISSED = 3;
/** Of rows that wait: fewer are on their way. */
const BEHIND = { rows: 1000, seconds: 60 } as const;

/** Of a host that has never reported `last_ms` is the time at which it joined. */
export type Heard = {
  began_ms: number;
  last_ms: number;
  interval_ms: number;
  waiting: number;
  rows_per_s: number;
  isRevoked: boolean;
};

/** @param retire_ms a host that has been silent for so long is not there any more */
export function stateOf(
  { began_ms, last_ms, interval_ms, waiting, rows_per_s, isRevoked }: Heard,
  now_ms: number,
  retire_ms: number,
): FleetState {
  const lag_ms = now_ms - last_ms;
  if (lag_ms > retire_ms) return 'retired';
  if (isRevoked) return 'revoked';
  const overdue_ms = MISSED * interval_ms;
  if (lag_ms > Math.max(SILENT_MS, overdue_ms)) return 'silent';
  if (lag_ms > overdue_ms || waiting > Math.max(BEHIND.rows, BEHIND.seconds * rows_per_s)) return 'lagging';
  return now_ms - began_ms < NEW_MS ? 'new' : 'live';
}

/** Why a collector takes some rows of no agent of this version: `kind_unknown` is of a later one. */
export type VersionRefusal = 'kind_unknown' | 'layout_refused';

/** @param refused by this collector, lately */
export function skewOf(version: string, own: string, refused?: VersionRefusal): Skew {
  const order = version.localeCompare(own, 'en', { numeric: true });
  if (refused !== undefined) return order < 0 && refused === 'layout_refused' ? 'too_old' : 'too_new';
  if (order === 0) return 'same';
  return order < 0 ? 'older' : 'newer';
}
