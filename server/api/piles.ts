// Sockets that pile up: by state and owner, what waits in TIME_WAIT, and the local ports in use toward each destination.
import { type Static, Type } from 'typebox';
import { ROLE } from '../../bpf/rows/rows.gen.ts';
import { Count, Figure, Figures, Id, Ms, object, oneOf } from './schema.ts';

/** The states in which a sweep finds sockets. TIME_WAIT is not among them: the sweep has no rows of it, only the kernel's count. */
export const PILE_STATES = ['established', 'syn_sent', 'syn_recv', 'fin_wait1', 'fin_wait2', 'close_wait', 'last_ack', 'closing'] as const;
export const PILE_SORTS = ['connections', 'growth', 'oldest_us', 'median_us'] as const;

/** How the number of established connections was found. */
const ESTABLISHED = ['still_open', 'opened_less_ended', 'not_known'] as const;

const Owner = {
  host_id: Id,
  host: Type.String(),
  comm: Type.String({ description: 'process name; empty where nobody is known to own it' }),
  container: Type.String({ description: 'container, else systemd unit, else empty' }),
};

export const Pile = object({
  ...Owner,
  state: oneOf(PILE_STATES),
  role: Type.Union([oneOf(ROLE), Type.Null()], { description: 'of all of them; null where they differ' }),
  port: Type.Union([Count, Type.Null()], { description: 'the service port of all of them; null where they differ' }),
  connections: Type.Integer({
    minimum: 1,
    description: 'in this state at the end of the range; of established ones, those that opened in it or that the agent met in it first',
  }),
  before: Type.Integer({
    minimum: 0,
    description: 'in this state when the range began; of established ones that are still open, those that have ended since; else 0',
  }),
  oldest_us: Figure(
    'µs in the state, of the one that has been in it for longest, as far back as it is known; null where they were only counted',
  ),
  median_us: Figure('µs in the state; null likewise'),
  quiet_us: Figure(
    'µs since any of them last moved data, at the end of the range (above 71 minutes: at least); null where no sample tells',
  ),
  unread: Type.Integer({ minimum: 0, description: 'bytes that they have received and no process has read' }),
});
export type Pile = Static<typeof Pile>;

/**
 * Connections that ended in order, between a process and a destination, or of a service. The side that closes first keeps the TIME_WAIT.
 */
export const Closer = object({
  ...Owner,
  role: oneOf(ROLE),
  peer_addr: Type.String({
    description: 'the destination’s, of more than 3 hours that of its network; empty for a service, whose clients are taken together',
  }),
  port: Type.Integer({ minimum: 0, description: 'service port' }),
  others: Type.Boolean({ description: 'all of the host that did not stand out in their hour, together' }),
  closed_first: Type.Integer({
    minimum: 0,
    description: 'connections of the range that this side closed first: each leaves a TIME_WAIT here',
  }),
  peer_first: Type.Integer({ minimum: 0, description: 'those that the peer closed first' }),
  closed_first_per_s: Type.Number({ description: 'over the time that an agent was there' }),
  last_minute: Type.Integer({
    minimum: 0,
    description: 'closed first in the last 60 s of the range: as many TIME_WAITs as there can be, less those used again',
  }),
});
export type Closer = Static<typeof Closer>;

/** Local ports that one address uses toward one destination; the same ports can be used toward other destinations. */
export const PortUse = object({
  host_id: Id,
  host: Type.String(),
  netns: Id,
  local_addr: Type.String(),
  peer_addr: Type.String(),
  peer_port: Count,
  comm: Type.String({ description: 'of its newest connection or failed connect' }),
  used: Type.Integer({
    minimum: 0,
    description:
      'at least so many, at the end of the range: of connections with a row since `ports_from_ms`, and of those that this side closed first in the last 60 s',
  }),
  used_before: Type.Integer({ minimum: 0, description: 'the same at `trend_from_ms`' }),
  range: Type.Union([Count, Type.Null()], {
    description:
      'how many ports connect() chooses from (ip_local_port_range, or the socket’s own where it failed); null where no row tells',
  }),
  failed: Type.Integer({ minimum: 0, description: 'connects that found no port (EADDRNOTAVAIL), since `ports_from_ms`' }),
  failed_bound: Type.Integer({ minimum: 0, description: 'of these, sockets bound to one port, which was taken' }),
  failed_last_ms: Type.Union([Ms, Type.Null()]),
  full_in_s: Figure('s until all are used, if it goes on as since `trend_from_ms`; null where it does not grow'),
});
export type PortUse = Static<typeof PortUse>;

const ofStates = Object.fromEntries(
  PILE_STATES.slice(1).map((state) => [state, Figures('in this state at the end of the step')]),
) as Record<Exclude<(typeof PILE_STATES)[number], 'established'>, ReturnType<typeof Figures>>;

export const PileSeries = object({
  time_s: Type.Array(Type.Integer(), { description: 'start of each step, s since the epoch' }),
  ...ofStates,
  curr_estab: Figures('TcpCurrEstab: established, and since Linux 6.11 those in CLOSE_WAIT; null with a filter but hosts and namespaces'),
  time_wait: Figures('TIME_WAITs, and closed sockets that wait in FIN_WAIT2 for at most 60 s; null likewise'),
  orphans: Figures('sockets that no process holds any more and that still have a state to leave, of whole hosts; null likewise'),
});
export type PileSeries = Static<typeof PileSeries>;

export const Piles = object({
  from_ms: Ms,
  to_ms: Ms,
  step_s: Type.Integer({ minimum: 1 }),
  series: PileSeries,
  piles: Type.Array(Pile),
  piles_total: Count,
  established: Type.Unsafe<(typeof ESTABLISHED)[number]>({
    type: 'string',
    enum: [...ESTABLISHED],
    description:
      'what established ones are counted as. still_open: that opened in the range, or that the agent met in it first, and that have not ended; opened_less_ended, of more than 3 hours: by how many more opened than ended; not_known, of more than 8 days: none is listed',
  }),
  closers: Type.Array(Closer, { description: 'those that closed first most often come first' }),
  closers_total: Count,
  ports: Type.Array(PortUse, { description: 'those with failed connects come first, then those that use most of the range' }),
  ports_total: Count,
  ports_from_ms: Type.Integer({ minimum: 0, description: 'since when rows tell of local ports: of more than 3 hours, for the last 2' }),
  trend_from_ms: Type.Integer({ minimum: 0, description: 'since when `full_in_s` looks at growth, ms since the epoch' }),
  rows_read: Type.Integer({
    minimum: 0,
    description: 'rows of connections and samples in the range; of more than 3 hours, those within 2 minutes of a step’s end',
  }),
  completeness: Figure('0–1, of the rows of the range'),
});
export type Piles = Static<typeof Piles>;
