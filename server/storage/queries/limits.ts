// What limited a connection, as shares of the sampled time.
import type { Edge } from '../../api.ts';
import { LIMITS_FROM } from '../figures.ts';

export type LimitTimes = Record<'busy_us' | 'rwnd_limited_us' | 'sndbuf_limited_us' | 'local_limited_us' | 'sampled_us', number>;

/** Whether a time is long enough for shares of it. @param round_us a round trip; 0 where it is unknown */
export const isTelling = (us: number, round_us: number): boolean => us >= Math.max(LIMITS_FROM.us, LIMITS_FROM.round_trips * round_us);

/**
 * The shares of the kernel's chronometers. `busy` is the time with data to send. Parts of it were limited by the peer's window, by the send
 * buffer, or by this host, which could not send; the rest of it by the network. In the rest of the sampled time the application had nothing
 * to send. The shares add up to 1, or are all 0 without samples.
 */
export function limitsOf({ busy_us, rwnd_limited_us, sndbuf_limited_us, local_limited_us, sampled_us }: LimitTimes): Edge['limits'] {
  // The kernel reads the clocks one after the other, so `busy` may exceed the interval by a jiffy.
  const whole_us = Math.max(sampled_us, busy_us);
  if (whole_us === 0) return { application: 0, network: 0, receiver: 0, sender: 0, host: 0 };
  const receiver_us = Math.min(rwnd_limited_us, busy_us);
  const sender_us = Math.min(sndbuf_limited_us, busy_us - receiver_us);
  const host_us = Math.min(local_limited_us, busy_us - receiver_us - sender_us);
  return {
    application: (whole_us - busy_us) / whole_us,
    network: (busy_us - receiver_us - sender_us - host_us) / whole_us,
    receiver: receiver_us / whole_us,
    sender: sender_us / whole_us,
    host: host_us / whole_us,
  };
}
