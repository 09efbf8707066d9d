// Whether a receiver's application left received data unread. Times in microseconds.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import type { ProgressSighting, Seen } from './seen.ts';

export type Unread = {
  /** how long data lay unread at least: data that is unread as a segment comes lay there since the segment before it */
  us: number;
  /** the time that the rows cover */
  looked_us: number;
  most: ProgressSighting | undefined;
};

export function unreadOf({ taken }: Seen): Unread {
  let [us, looked_us] = [0, 0];
  let most: ProgressSighting | undefined;
  for (const [at, sighting] of taken.entries()) {
    const before = taken[at - 1];
    if (!before) continue;
    const gap_us = (sighting.at_ns - before.at_ns) / 1000;
    looked_us += gap_us;
    if (sighting.row.unread === 0) continue;
    us += gap_us;
    if (!most || sighting.row.unread > most.row.unread) most = sighting;
  }
  return { us, looked_us, most };
}

/** Less than a segment: whoever sends has to wait. */
const SHUT_BYTES = 1460;

/** A sample in which unread data has closed the window. */
export const isShut = ({ unread, rcv_wnd }: Pick<Rows['sample'], 'unread' | 'rcv_wnd'>): boolean => unread > 0 && rcv_wnd < SHUT_BYTES;
