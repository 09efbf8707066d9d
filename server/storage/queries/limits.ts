// What limited a connection, as shares of the sampled time.
import { type BusyTimes, busyParts } from '../../../agent/verdict/limits.ts';
import type { Edge } from '../../api.ts';
import { LIMITS_FROM } from '../figures.ts';

export type LimitTimes = BusyTimes & { sampled_us: number };

/** Whether a time is long enough to divide into shares. @param round_us the round-trip time; 0 where it is unknown */
export const isTelling = (us: number, round_us: number): boolean => us >= Math.max(LIMITS_FROM.us, LIMITS_FROM.round_trips * round_us);

/**
 * Shares by the kernel's chronometers. In the time that was not busy, the application had nothing to send. The shares add up to 1; without
 * samples all are 0.
 */
export function limitsOf({ sampled_us, ...times }: LimitTimes): Edge['limits'] {
  // The kernel reads its chronometers one after the other, so `busy_us` may exceed the interval by a jiffy.
  const { busy_us } = times;
  const whole_us = Math.max(sampled_us, busy_us);
  if (whole_us === 0) return { application: 0, network: 0, receiver: 0, sender: 0, host: 0 };
  const { receiver_us, sender_us, host_us, network_us } = busyParts(times);
  return {
    application: (whole_us - busy_us) / whole_us,
    network: network_us / whole_us,
    receiver: receiver_us / whole_us,
    sender: sender_us / whole_us,
    host: host_us / whole_us,
  };
}
