// The state of a host, and how its agent's version compares with the collector's. Pure.
import type { FleetState, Skew } from '../api/fleet.ts';

export const SILENT_MS = 120_000;
const NEW_MS = 600_000;
/** A host is late once so many reports in a row are missing. */
const MISSED = 3;
/** A host lags when more rows wait than it makes in so many seconds, and more than `rows`: fewer are merely on their way. */
const BEHIND = { rows: 1000, seconds: 60 } as const;

/** For a host that has never reported, `began_ms` and `last_ms` are the time at which it joined. */
export type Heard = {
  began_ms: number;
  last_ms: number;
  interval_ms: number;
  waiting: number;
  rows_per_s: number;
  isRevoked: boolean;
};

/** @param retire_ms a host that has been silent for longer counts as gone */
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

/** Why rows of an agent's version were refused. `kind_unknown`: a later version made rows of a new kind. */
export type VersionRefusal = 'kind_unknown' | 'layout_refused';

/** @param refused why this collector has lately refused rows of the host */
export function skewOf(version: string, own: string, refused?: VersionRefusal): Skew {
  const order = version.localeCompare(own, 'en', { numeric: true });
  if (refused !== undefined) return order < 0 && refused === 'layout_refused' ? 'too_old' : 'too_new';
  if (order === 0) return 'same';
  return order < 0 ? 'older' : 'newer';
}
