// Why the log does not take a batch, and when to come back.
import { reasonOf } from '../../agent/process/errors.ts';
import { Refusal } from '../errors.ts';
import { LATE, type Lane } from './lane.ts';

const RETRY_AFTER_S_MAX = 60;
/** Seconds behind that add one to what Retry-After says. */
const BEHIND_S_A_SECOND = 5;

export function stopping(): Refusal {
  return new Refusal('stopping', 'the collector is stopping: send the batch again', { retry_after_s: 1 });
}

export function tooOld(sequence: number): Refusal {
  return new Refusal('sequence_too_old', `sequence ${sequence} comes after too many later ones: whether it is stored is no longer known`);
}

/** The further the store is behind, the longer it takes until there is room; spread, so that not all come back at once. */
export function full(bytes: number, bytes_max: number, behind_s: number): Refusal {
  const message = `${bytes} bytes wait for the store, ${bytes_max} may: send the batch again later`;
  return new Refusal('log_full', message, { retry_after_s: retryAfter(behind_s) });
}

/** Rows that have just come are taken all the same. */
function fullOfLate(bytes: number, bytes_max: number, behind_s: number): Refusal {
  const message = `${bytes} bytes of late rows wait for the store, ${bytes_max} may: send this batch again later, and others meanwhile`;
  return new Refusal('log_full_late', message, { retry_after_s: retryAfter(behind_s) });
}

/** What the log holds and may hold. `waiting`: of batches that are not written yet. */
export type Room = {
  bytes: number;
  late_bytes: number;
  waiting: Readonly<Record<Lane, number>>;
  bytes_max: number;
  /** No more rows that are lost can be counted. */
  losses_full: boolean;
  behind_s: number;
};

/** Of a batch for which there is none. @param cost of it, in bytes */
export function noRoom(
  cost: number,
  lane: Lane,
  { bytes, late_bytes, waiting, bytes_max, losses_full, behind_s }: Room,
): Refusal | undefined {
  if (losses_full || bytes + waiting.live + waiting.late + cost > bytes_max) return full(bytes, bytes_max, behind_s);
  const [late, late_max] = [late_bytes + waiting.late, bytes_max * LATE.log_share_max];
  return lane === 'late' && late > 0 && late + cost > late_max ? fullOfLate(late_bytes, late_max, behind_s) : undefined;
}

function retryAfter(behind_s: number): number {
  const most = Math.min(RETRY_AFTER_S_MAX, 1 + behind_s / BEHIND_S_A_SECOND);
  return Math.ceil(most / 2 + (Math.random() * most) / 2);
}

/** A write or a flush has failed. */
export function logRefusal(error: unknown): Refusal {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const noSpace = code === 'ENOSPC' || code === 'EDQUOT';
  const message = noSpace ? 'the disk of the data directory is full: free space there' : `the log cannot be written: ${reasonOf(error)}`;
  return new Refusal(noSpace ? 'log_disk_full' : 'log_failed', message, { cause: error, retry_after_s: 5 });
}
