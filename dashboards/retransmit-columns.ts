import type { Retransmit } from '../server/api.ts';
import { formatDurationUs, NO_FIGURE } from './format.ts';

/** A duration; a dash for 0, which the kernel has before the first measurement. */
export const durationOrNone = (us: number): string => (us === 0 ? NO_FIGURE : formatDurationUs(us));

/** The retransmission timer, and how many times it was doubled: `800 ms ×4`. */
export const rtoWords = ({ rto_us, backoff }: Pick<Retransmit, 'rto_us' | 'backoff'>): string =>
  backoff > 0 && rto_us > 0 ? `${formatDurationUs(rto_us)} ×${2 ** Math.min(backoff, 30)}` : durationOrNone(rto_us);
