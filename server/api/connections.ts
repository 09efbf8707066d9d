// Connections of a range as a list: live, ended and failed ones, the worst first by any column.
import { type Static, Type } from 'typebox';
import { END_REASON, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import { Count, Figure, Id, Ms, object, oneOf } from './schema.ts';

/** `live`: its end was not seen before the range ended. `failed`: it was never established. */
export const PHASES = ['live', 'ended', 'failed'] as const;

export const CONNECTION_SORTS = [
  'last_ms',
  'duration_us',
  'state_us',
  'connect_us',
  'bytes',
  'retransmit_ratio',
  'retrans',
  'srtt_us',
  'turn_max_us',
  'stall_max_us',
  'unread',
  'notsent',
] as const;

const ofLife = 'of its whole life where its end was seen, else in the range';

export const ListedConnection = object({
  host_id: Id,
  host: Type.String(),
  connection_id: Id,
  comm: Type.String(),
  container: Type.String({ description: 'container, else systemd unit, else empty' }),
  role: oneOf(ROLE),
  local_addr: Type.String(),
  local_port: Count,
  peer_addr: Type.String(),
  peer_port: Count,
  phase: oneOf(PHASES),
  state: oneOf(STATE),
  end_reason: oneOf(END_REASON),
  sk_err: Type.Integer(),
  last_ms: Type.Integer({ minimum: 0, description: 'of the newest row in the range, ms since the epoch' }),
  duration_us: Figure('µs from first sight to the end, or to the end of the range; null where the range does not tell when it began'),
  state_us: Figure('µs in its present state, up to the end of the range; null where no sample tells, and after the end'),
  connect_us: Figure('µs, SYN to established (client), SYN-ACK to its ACK (server)'),
  bytes: Type.Integer({ minimum: 0, description: `sent and received, ${ofLife}` }),
  data_segs_out: Type.Integer({ minimum: 0, description: `data segments sent, ${ofLife}` }),
  retrans: Type.Integer({ minimum: 0, description: `segments sent again, ${ofLife}` }),
  retransmit_ratio: Figure('data segments lost / sent, as in the tiles; null without data segments'),
  srtt_us: Figure('µs, smoothed, as of the newest row that has one'),
  turn_max_us: Figure(`µs, the longest response time, ${ofLife}`),
  stall_max_us: Figure(`µs, the longest that a transfer under way stood still, ${ofLife}`),
  unread: Type.Integer({ minimum: 0, description: 'bytes received and not read, as of the newest row' }),
  notsent: Type.Integer({ minimum: 0, description: 'bytes written and not sent, as of the newest row' }),
});

export const Connections = object({
  from_ms: Ms,
  to_ms: Ms,
  connections: Type.Array(ListedConnection),
  total: Type.Integer({ minimum: 0, description: 'connections that fit what was asked for, before the limit' }),
  next: Type.Union([Type.String(), Type.Null()], { description: 'give it as `after`, with this from and to, for the page that follows' }),
  counts: Type.Array(object({ phase: oneOf(PHASES), end_reason: oneOf(END_REASON), state: oneOf(STATE), connections: Count }), {
    description: 'all connections of the range and filter, whatever phase, reason or state was asked for; `state` of live ones, else close',
  }),
  rows_read: Type.Integer({ minimum: 0, description: 'rows that the answer was made of' }),
  completeness: Figure('0–1, of the rows of connections and samples in the range'),
});
export type ListedConnection = Static<typeof ListedConnection>;
export type Connections = Static<typeof Connections>;
