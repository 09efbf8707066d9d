import type { Retransmit } from '../server/api.ts';
import { formatDurationUs, NO_FIGURE } from './format.ts';

/** The kernel writes 0 before the first measurement. */
export const durationOrNone = (us: number): string => (us === 0 ? NO_FIGURE : formatDurationUs(us));

/** The retransmission timer with how often it has doubled: `800 ms ×4`. */
export const rtoWords = ({ rto_us, backoff }: Pick<Retransmit, 'rto_us' | 'backoff'>): string =>
  backoff > 0 && rto_us > 0 ? `${formatDurationUs(rto_us)} ×${2 ** Math.min(backoff, 30)}` : durationOrNone(rto_us);
