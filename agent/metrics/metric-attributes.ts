// What rows' enums are called on metrics: total mappings, so that a new value does not compile until it has a name.
import type { Attributes } from '@opentelemetry/api';
import { CLASS, type Class, END_REASON, type EndReason, EVENT, type Event } from '../../bpf/rows.gen.ts';

/** The proposal knows four types. What follows a retransmission timeout is one, whoever the timer belonged to. */
const RETRANSMIT_TYPE = {
  unknown: '_OTHER',
  fast: 'fast',
  slow_start: 'timeout',
  rto: 'timeout',
  tlp: 'tail_loss_probe',
  syn: 'timeout',
  syn_ack: 'timeout',
} as const satisfies Record<Class, string>;

/** By class number. */
export const CLASS_ATTRIBUTES = CLASS.map((name) => ({ 'network.tcp.retransmit.type': RETRANSMIT_TYPE[name], 'tcplens.class': name }));

/** Where the RST that ended a connection came from. */
export const RESET = {
  none: undefined,
  fin_local: undefined,
  fin_peer: undefined,
  rst_sent: { 'network.io.direction': 'transmit' },
  rst_received: { 'network.io.direction': 'receive' },
  timeout: undefined,
  refused: { 'network.io.direction': 'receive', 'network.tcp.reset.cause': 'refused' },
  unreachable: undefined,
  abort: undefined,
  unknown: undefined,
} as const satisfies Record<EndReason, Attributes | undefined>;

const EVENT_NAME = { open: 'opened', close: 'closed', failed: 'failed' } as const satisfies Record<Event, string>;
/** By event and end reason number. */
export const EVENT_ATTRIBUTES = EVENT.map((event) =>
  END_REASON.map((reason) => ({
    'tcplens.connection.event': EVENT_NAME[event],
    ...(event === 'open' ? {} : { 'tcplens.end_reason': reason }),
  })),
);

export const DIRECTION = { transmit: { 'network.io.direction': 'transmit' }, receive: { 'network.io.direction': 'receive' } } as const;
/** What kept a connection from going faster. */
export const LIMIT = {
  application: { 'tcplens.limit': 'application' },
  network: { 'tcplens.limit': 'network' },
  receiver: { 'tcplens.limit': 'receiver' },
  sender: { 'tcplens.limit': 'sender' },
} as const;
