// What kept a connection's data from being sent, by the kernel's chronometers. All times in microseconds.

/** `busy` is the time with data to send or to be acknowledged; parts of it were limited by the peer's window, the send buffer or this host. */
export type BusyTimes = Record<'busy_us' | 'rwnd_limited_us' | 'sndbuf_limited_us' | 'local_limited_us', number>;

/** The parts of the busy time, which add up to it. */
export type BusyParts = { receiver_us: number; sender_us: number; host_us: number; network_us: number };

/** The rest of the busy time was limited by the network. */
export function busyParts({ busy_us, rwnd_limited_us, sndbuf_limited_us, local_limited_us }: BusyTimes): BusyParts {
  const receiver_us = Math.min(rwnd_limited_us, busy_us);
  const sender_us = Math.min(sndbuf_limited_us, busy_us - receiver_us);
  const host_us = Math.min(local_limited_us, busy_us - receiver_us - sender_us);
  return { receiver_us, sender_us, host_us, network_us: busy_us - receiver_us - sender_us - host_us };
}
