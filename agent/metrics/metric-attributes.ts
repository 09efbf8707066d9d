// The values of rows' enums as attributes of metrics: total mappings, so that a new enumerator does not compile until it has a name.
import type { Attributes } from '@opentelemetry/api';
import { CA_STATE, CLASS, type Class, type Direction, END_REASON, EVENT, type Event, MEANING } from '../../bpf/rows/rows.gen.ts';

/** The proposal has four types. It has one for everything after a retransmission timeout, whichever timer that was. */
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

/** A RST that answered a SYN. */
export const REFUSED = { 'network.tcp.reset.cause': 'refused' } as const;

const EVENT_NAME = { open: 'opened', close: 'closed', failed: 'failed' } as const satisfies Record<Event, string>;
/** By event and end reason number. */
export const EVENT_ATTRIBUTES = EVENT.map((event) =>
  END_REASON.map((reason) => ({
    'tcplens.connection.event': EVENT_NAME[event],
    ...(event === 'open' ? {} : { 'tcplens.end_reason': reason }),
  })),
);

export const IO_DIRECTION = {
  unknown: {},
  sent: { 'network.io.direction': 'transmit' },
  received: { 'network.io.direction': 'receive' },
} as const satisfies Record<Direction, Attributes>;

/** By the number of `meaning`, which says what it means that a packet was freed. */
export const MEANING_ATTRIBUTES = MEANING.map((meaning) => ({ 'tcplens.drop.meaning': meaning }));

/** By the number of the new congestion state. */
export const CA_STATE_ATTRIBUTES = CA_STATE.map((state) => ({ 'tcplens.ca_state': state }));

/** Whether a retransmit row accounts for a segment. */
export const ATTRIBUTED = { yes: { 'tcplens.attributed': true }, no: { 'tcplens.attributed': false } } as const;

/** Attributes of metrics about the whole host. */
export const HOST = { 'network.transport': 'tcp' } as const;

/** What limited a connection's throughput. */
export const LIMIT = {
  application: { 'tcplens.limit': 'application' },
  network: { 'tcplens.limit': 'network' },
  receiver: { 'tcplens.limit': 'receiver' },
  sender: { 'tcplens.limit': 'sender' },
  host: { 'tcplens.limit': 'host' },
} as const;
