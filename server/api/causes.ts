// Why connections fail on a host, in groups: full listeners, resets, and packets that the host dropped.
import { type Static, Type } from 'typebox';
import { DIRECTION, MEANING, ROLE } from '../../bpf/rows/rows.gen.ts';
import { Count, Figure, Id, Ms, object, oneOf } from './schema.ts';

const Owner = {
  host_id: Id,
  host: Type.String(),
  comm: Type.String({ description: 'process name; empty where nobody is known to own it' }),
  container: Type.String({ description: 'container, else systemd unit, else empty' }),
};

/** The sockets with which processes of one name listen on one address and port. */
export const Listener = object({
  ...Owner,
  netns: Id,
  pid: Type.Integer({ minimum: 0, description: 'of one of them' }),
  local_addr: Type.String(),
  port: Count,
  sockets: Type.Integer({ minimum: 0, description: 'listening at the end of the range; 0: all were closed' }),
  accept_queue: Type.Integer({ minimum: 0, description: 'connections that wait for accept(), at the end of the range' }),
  accept_queue_limit: Type.Integer({ minimum: 0, description: 'how many may' }),
  accept_queue_max: Type.Integer({ minimum: 0, description: 'the most that a sweep saw at one socket' }),
  full: Type.Number({ description: 'the fullest that a sweep saw one socket’s queue: waiting / limit; above 1 where it overflowed' }),
  syn_backlog: Type.Integer({ minimum: 0, description: 'handshakes under way, at the end of the range' }),
  accepted: Type.Integer({ minimum: 0, description: 'connections that reached it in the range' }),
  overflows: Type.Integer({
    minimum: 0,
    description: 'handshakes that its full accept queue turned away in the range; a client that tries again counts again',
  }),
  drops: Type.Integer({ minimum: 0, description: 'packets that it dropped for any reason; the kernel counts some of them twice' }),
  left_waiting: Type.Integer({
    minimum: 0,
    description:
      'connections that waited for accept() when a socket of it was closed: the kernel resets them, or gives them to another one',
  }),
  syns_resent: Figure('SYNs that clients on watched hosts sent to it again: lost, or dropped here; null without `history`'),
  gone_us: Figure('µs of the range in which it had been closed and nobody listened; null without `history`'),
  gone_from_ms: Type.Union([Ms, Type.Null()], {
    description: 'when that began, the last time; null: it was not seen closed, or without `history`',
  }),
  last_ms: Ms,
});
export const Listeners = object({ listeners: Type.Array(Listener), total: Count });
export type Listener = Static<typeof Listener>;
export type Listeners = Static<typeof Listeners>;

/** What identifies a group of resets or drops, and the newest connection in it. */
const Between = {
  ...Owner,
  role: oneOf(ROLE),
  peer_addr: Type.String(),
  port: Type.Integer({ description: 'service port' }),
  service_addr: Type.String({ description: 'address of the end that this port belongs to' }),
  direction: oneOf(DIRECTION),
  reason: Type.String({ description: 'the kernel’s name; empty where it does not say' }),
  has_socket: Type.Boolean({ description: 'its connection is known, from the kernel or by its addresses' }),
  last_ms: Ms,
  connection_id: Type.String({ description: 'of the newest with a socket; 0 where none had one' }),
};

export const ResetGroup = object({
  ...Between,
  resets: Type.Integer({ minimum: 1 }),
  linger_zero: Type.Boolean({ description: 'SO_LINGER 0 was set: close() aborts' }),
  idle_p50_us: Figure('µs since the peer was last heard'),
  idle_p99_us: Figure('µs'),
  with_unread: Type.Integer({ minimum: 0, description: 'of these, with bytes received and not read' }),
});
const looked_up = Type.Boolean({
  description: 'whether those without a socket were given to their connections; not where the range has too many of them',
});

export const Resets = object({ resets: Type.Array(ResetGroup), total: Count, looked_up });
export type ResetGroup = Static<typeof ResetGroup>;
export type Resets = Static<typeof Resets>;

export const DropGroup = object({
  ...Between,
  meaning: oneOf(MEANING),
  location: Type.String({ description: 'the kernel function that dropped it; empty where symbols are hidden' }),
  packets: Type.Integer({ minimum: 1 }),
  bytes: Type.Integer({ minimum: 0, description: 'payload' }),
});
export const Drops = object({
  drops: Type.Array(DropGroup),
  total: Count,
  looked_up,
  out_no_routes: Type.Integer({
    minimum: 0,
    description: 'packets that did not leave and connects that failed for want of a route, in the range: no row tells of them',
  }),
});
export type DropGroup = Static<typeof DropGroup>;
export type Drops = Static<typeof Drops>;
