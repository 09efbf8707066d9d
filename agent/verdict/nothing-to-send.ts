// How long a sender had everything in flight and nothing more to send: the kernel counts that as busy, and its application limits it.
import type { AtEnd } from './sightings.ts';

/** Share of the time that rows of what came to the sender tell of, between 0 and 1; undefined: there are none. */
export function nothingToSend({ taken }: AtEnd): number | undefined {
  let [nothing_ns, looked_ns] = [0, 0];
  for (const [at, { at_ns, row }] of taken.entries()) {
    const before = taken[at - 1];
    // With nothing in flight it was not busy.
    if (!before || row.packets_out === 0) continue;
    const gap_ns = at_ns - before.at_ns;
    looked_ns += gap_ns;
    const is_repairing = row.lost_out > 0 || row.retrans_out > 0 || row.ca_state === 'recovery' || row.ca_state === 'loss';
    if (row.notsent === 0 && !is_repairing) nothing_ns += gap_ns;
  }
  return looked_ns > 0 ? nothing_ns / looked_ns : undefined;
}
