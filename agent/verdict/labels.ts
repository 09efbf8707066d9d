// What a table calls causes.
import type { Cause, NotNeeded } from './cause.ts';
import type { About } from './claims.ts';

export const CAUSE_LABELS = {
  lost_outward: 'lost outward',
  lost_backward: 'acknowledgement lost on the way back',
  not_needed: 'not needed',
  dropped_here: "dropped by the sender's own host",
  dropped_between: 'dropped by a watched host on the way',
  dropped_at_receiver: "dropped by the receiver's host",
  not_known: 'not known',
} as const satisfies Record<Cause, string>;

export const NOT_NEEDED_LABELS = {
  reordered: 'what was sent later came before it',
  delayed: 'it, or its acknowledgement, was on its way',
  delayed_ack: 'the receiver had it and had not acknowledged it yet',
  arrived: 'it had arrived already',
} as const satisfies Record<NotNeeded, string>;

/** What claims are about. */
export const ABOUT_LABELS = {
  connect: 'failed connects',
  reset: 'resets',
  slow: 'where the time of connections went',
} as const satisfies Record<About, string>;
