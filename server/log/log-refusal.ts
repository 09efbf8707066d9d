// The reasons for which the log does not take a batch, and when the agent is to send it again.
import { reasonOf } from '../../agent/process/errors.ts';
import { Refusal } from '../errors.ts';
import { LATE, type Lane } from './lane.ts';

const RETRY_AFTER_S_MAX = 60;
/** For so many seconds that the store is behind, Retry-After becomes a second longer. */
const BEHIND_S_A_SECOND = 5;

export function stopping(): Refusal {
  return new Refusal('stopping', 'the collector is stopping: send the batch again', { retry_after_s: 1 });
}

export function tooOld(sequence: number): Refusal {
  return new Refusal('sequence_too_old', `sequence ${sequence} comes after too many later ones: whether it is stored is no longer known`);
}

/** The further the store is behind, the longer Retry-After is. It is random within bounds, so that not all agents come back at once. */
export function full(bytes: number, bytes_max: number, behind_s: number): Refusal {
  const message = `${bytes} bytes wait for the store, ${bytes_max} may: send the batch again later`;
  return new Refusal('log_full', message, { retry_after_s: retryAfter(behind_s) });
}

/** Late rows have used up their share. Live rows are still taken. */
function fullOfLate(bytes: number, bytes_max: number, behind_s: number): Refusal {
  const message = `${bytes} bytes of late rows wait for the store, ${bytes_max} may: send this batch again later, and others meanwhile`;
  return new Refusal('log_full_late', message, { retry_after_s: retryAfter(behind_s) });
}

/** What the log holds and may hold, in bytes. `waiting`: of batches that are not written yet. */
export type Room = {
  bytes: number;
  late_bytes: number;
  waiting: Readonly<Record<Lane, number>>;
  bytes_max: number;
  /** The batch has rows that would count as lost, and no more counts of lost rows can be kept. */
  losses_full: boolean;
  behind_s: number;
};

/** The refusal of a batch for which there is no room; undefined where there is. @param cost of the batch, in bytes */
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

/** The refusal of a batch whose write or flush has failed. */
export function logRefusal(error: unknown): Refusal {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const noSpace = code === 'ENOSPC' || code === 'EDQUOT';
  const message = noSpace ? 'the disk of the data directory is full: free space there' : `the log cannot be written: ${reasonOf(error)}`;
  return new Refusal(noSpace ? 'log_disk_full' : 'log_failed', message, { cause: error, retry_after_s: 5 });
}
