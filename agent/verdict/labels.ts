// What a table calls causes.
import type { Cause, NotNeeded } from './cause.ts';
import type { About, ClaimCause, SIZE_CAUSES } from './claims.ts';
import type { ConnectCause } from './connect-cause.ts';
import type { ResetCause } from './reset-cause.ts';
import type { Limiter } from './slow-cause.ts';

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

/** What a claim says, by what it is about. */
export const CLAIM_LABELS: Readonly<Record<About, Readonly<Partial<Record<ClaimCause, string>>>>> = {
  connect: {
    no_listener: 'nobody listened',
    rejected: 'a firewall refused',
    dropped_here: 'SYN dropped by its own host',
    dropped_between: 'SYN dropped by a watched host on the way',
    dropped_at_receiver: 'SYN dropped by the host there',
    lost_outward: 'SYN lost on the way',
    lost_backward: 'answer lost on the way back',
    accept_queue_full: 'accept queue full',
    unreachable: 'no route',
    no_port: 'no local port left',
    not_known: 'not known',
  } satisfies Record<ConnectCause, string>,
  reset: {
    closed_unread: 'closed with data unread',
    data_after_close: 'data after close()',
    linger: 'SO_LINGER of 0 seconds',
    aborted: 'closed in the midst of it',
    gave_up: 'nothing was answered any more',
    memory: 'no memory',
    connection_gone: 'connection gone',
    stray: 'a packet that did not fit',
    firewall: 'its firewall',
    device_between: 'a device between',
    not_known: 'not known',
  } satisfies Record<ResetCause, string>,
  size: {
    only_small_come: 'large packets do not get through',
  } satisfies Record<(typeof SIZE_CAUSES)[number], string>,
  slow: {
    handshake: 'handshake',
    sender_application: 'sender’s application',
    receiver_application: 'receiver’s application',
    receiver_buffer: 'receive buffer too small',
    receiver_window: 'receive window full',
    sender_buffer: 'send buffer too small',
    sender_host: 'sender’s host',
    loss: 'loss',
    path: 'path',
    answering: 'application that answers',
    idle: 'idle',
    not_known: 'not known',
  } satisfies Record<Limiter, string>,
};

/** What claims are about. */
export const ABOUT_LABELS = {
  connect: 'failed connects',
  reset: 'resets',
  size: 'sizes of packets',
  slow: 'where the time of connections went',
} as const satisfies Record<About, string>;
