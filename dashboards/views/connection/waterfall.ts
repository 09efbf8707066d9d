// Where the time at the begin of a connection went, as consecutive bars: handshake, wait for the process, first byte in each direction.
import type { Connection } from '../../../server/api.ts';

export type Bar = { label: string; meaning: string; from_us: number; to_us: number };

type Beginning = Pick<Connection, 'role' | 'connect_us' | 'accept_us' | 'first_send_us' | 'first_receive_us'>;

/**
 * Bars in µs from the first sight of the connection. At a client that is its SYN. At a server it is the established connection, so the
 * handshake lies before 0. An unknown time has no bar.
 */
export function waterfallOf({ role, connect_us, accept_us, first_send_us, first_receive_us }: Beginning): Bar[] {
  const bars: Bar[] = [];
  const client = role === 'client';
  const open_us = client ? (connect_us ?? 0) : 0;
  if (connect_us !== null) {
    const [from_us, to_us] = client ? [0, connect_us] : [-connect_us, 0];
    bars.push({ label: 'handshake', meaning: client ? 'SYN to established' : 'SYN-ACK to its acknowledgement', from_us, to_us });
  }
  if (accept_us !== null) {
    bars.push({
      label: 'until used',
      meaning: 'established to the first read or write: the wait for accept(), and for the peer to ask',
      from_us: 0,
      to_us: accept_us,
    });
  }
  const events = [
    { label: 'first byte out', meaning: 'this side had something to say', at_us: first_send_us },
    { label: 'first byte in', meaning: 'the process read the first data', at_us: first_receive_us },
  ].filter((event): event is typeof event & { at_us: number } => event.at_us !== null);
  let from_us = Math.max(open_us, client ? 0 : (accept_us ?? 0));
  for (const { label, meaning, at_us } of events.toSorted((a, b) => a.at_us - b.at_us)) {
    bars.push({ label, meaning, from_us: Math.min(from_us, at_us), to_us: at_us });
    from_us = Math.max(from_us, at_us);
  }
  return bars;
}

/** The position of a bar, 0–1 of the time of all bars. */
export function share({ from_us, to_us }: Bar, all: readonly Bar[]): { left: number; width: number } {
  const begin_us = Math.min(...all.map((bar) => bar.from_us));
  const length_us = Math.max(1, Math.max(...all.map((bar) => bar.to_us)) - begin_us);
  return { left: (from_us - begin_us) / length_us, width: (to_us - from_us) / length_us };
}
