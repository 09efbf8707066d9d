// Messages between the collector and people's tools: what dashboards/ may rely on of server/.
// The schemas are values: fastify checks with them and makes the OpenAPI document. The browser imports only their types.
import { type Static, Type } from 'typebox';
import { type CLASS, ROLE } from '../bpf/rows/rows.gen.ts';
import { Account } from './api/accounting.ts';
import { Count, Figure, Figures, Id, Limits, Ms, object, oneOf, Retransmit } from './api/schema.ts';

export type { Enrolments, MadeEnrolment, NewEnrolment } from './api/access.ts';
export type { Account, Accounting } from './api/accounting.ts';
export type { ADMIN_API } from './api/admin.ts';
export type { DropGroup, Drops, Listener, Listeners, ResetGroup, Resets } from './api/causes.ts';
export { Connection } from './api/connection.ts';
export type { CONNECTION_SORTS, Connections, ListedConnection, PHASES } from './api/connections.ts';
export type { Difference, Differs, DiffersQuery } from './api/differs.ts';
export type { Explored, ExploreNames, ExploreQuery, QuestionProgress, Values, ValuesQuery } from './api/explore.ts';
export type { Fleet, FleetCounts, FleetHost, FleetOne, FleetSort, FleetState, Skew } from './api/fleet.ts';
export type { Finding, Health } from './api/health.ts';
export type {
  AtHost,
  Estimate,
  INVESTIGATIONS_API,
  Investigation,
  InvestigationStart,
  InvestigationStarted,
  Investigations,
  OneInvestigation,
  Verdict,
} from './api/investigations.ts';
export type { MAP_HARMS, MapEdge, MapNode, WorkloadMap } from './api/map.ts';
export type {
  AuditPage,
  Login,
  MadeToken,
  Me,
  NewToken,
  NewUser,
  PasswordChange,
  PEOPLE_API,
  Sessions,
  Tokens,
  UserChange,
  Users,
} from './api/people.ts';
export type { Closer, PILE_SORTS, PILE_STATES, Pile, PileSeries, Piles, PortUse } from './api/piles.ts';
export type { RowKinds } from './api/row-kinds.ts';
export { Retransmit } from './api/schema.ts';
export type {
  HostSettings,
  SettingsAnswer,
  SettingsBack,
  SettingsChange,
  SettingsPlanned,
} from './api/settings.ts';
export type { MadeView, NewView, SavedViews, VIEWS_API } from './api/views.ts';

/** The classes that carry loss or its suspicion, in the order that charts stack them. */
export const STACKED_CLASSES = [
  'fast',
  'slow_start',
  'rto',
  'tlp',
  'syn',
  'syn_ack',
  'unknown',
] as const satisfies readonly (typeof CLASS)[number][];

export const Range = object(
  {
    from: Type.Optional(Ms),
    to: Type.Optional(Ms),
    filter: Type.Optional(
      Type.String({ maxLength: 4096, description: 'which rows, in the language of filters: host = web-1 and process = "nginx*"' }),
    ),
  },
  'from and to default to the last 15 minutes',
);
export type Range = Static<typeof Range>;

/** For questions about hosts instead of rows. */
export const HostRange = object({ from: Type.Optional(Ms), to: Type.Optional(Ms), host_id: Type.Optional(Id) });
export type HostRange = Static<typeof HostRange>;

export const Tiles = object({
  connections_per_s: Figure('connections opened per second; both ends of a local one count'),
  retransmit_ratio: Figure(
    'data segments lost / sent, 0–1: sent again, but for tail probes, SYNs, FINs and what DSACKs or undos show was not needed',
  ),
  data_segs_out: Type.Integer({ minimum: 0, description: 'data segments sent, of which that ratio is' }),
  resent: object(
    { data: Count, spurious: Count, probes: Count, fins: Count, syns: Count },
    'segments sent again, by what they were: data (among them the spurious ones, which were not needed); tail probes; FINs alone; SYNs and SYN-ACKs',
  ),
  rtt_p50_us: Figure('median smoothed RTT over samples and closes'),
  rtt_p99_us: Figure('99th percentile of the same'),
  attempts: Type.Integer({ minimum: 0, description: 'handshakes that came to an end, whichever side began them' }),
  syn_ratio: Figure('SYNs and SYN-ACKs that these sent again / attempts; above 1 where each had to be sent several times'),
  failed_ratio: Figure('failed connects / attempted, 0–1'),
  failed: Count,
  resets_per_s: Figure('open connections ended by a RST, sent or received, per second'),
  rsts_per_s: Figure('RSTs sent and received per second, whether or not they ended a connection'),
  accept_overflows: Figure(
    'connections that met a full accept queue, as the hosts count them; of one process or port, as its listeners do; null where nobody looked, and of one peer',
  ),
  dropped: Type.Integer({ minimum: 0, description: 'TCP packets that the hosts lost: freed, and neither taken in, answered nor needless' }),
  unattributed: Figure('segments retransmitted by the hosts’ own counters that no row accounts for; null with a filter but the host'),
  completeness: Figure(
    '1 − rows lost or withheld anywhere / rows the kernel programs wanted to write, over all hosts or the one asked for, in the range',
  ),
  incomplete: Type.Array(
    object({
      kind: Type.String(),
      completeness: Type.Number({ description: 'of the rows of this kind, 0–1' }),
      withheld: Type.Number({ description: 'the share of them that a budget withheld, 0–1' }),
    }),
    { description: 'the kinds of which rows are missing' },
  ),
  latest: object(
    {
      connections_per_s: Figure('as above'),
      retransmit_ratio: Figure('as above'),
      rtt_p50_us: Figure('as above'),
      rtt_p99_us: Figure('as above'),
      syns_resent_per_s: Figure('SYNs and SYN-ACKs sent again per second'),
      failed_per_s: Figure('failed connects per second'),
      resets_per_s: Figure('as above'),
      accept_overflows: Figure('in this step'),
    },
    'the same of the last step of the series that is over, where the figures above are of the whole range',
  ),
});

/** Columns of equal length, oldest first; null: nothing was measured in this step. */
export const Series = object({
  time_s: Type.Array(Type.Integer(), { description: 'start of each step, s since the epoch' }),
  connections_per_s: Figures('opened per second'),
  failed_per_s: Figures('failed connects per second'),
  syns_resent_per_s: Figures('SYNs and SYN-ACKs sent again per second'),
  resets_per_s: Figures('open connections ended by a RST, per second'),
  resets_sent_per_s: Figures('RSTs sent per second, whether or not they ended a connection'),
  resets_received_per_s: Figures('RSTs received per second'),
  dropped_per_s: Figures('TCP packets that the hosts lost, per second'),
  accept_overflows: Figures('as in the tiles'),
  retransmit_ratio: Figures('as in the tiles; where steps are shorter than a sweep, of the last 10 s'),
  retransmits_per_s: Type.Record(Type.String(), Figures('segments per second (sent and failed), by class')),
  rtt_p50_us: Figures('µs'),
  rtt_p99_us: Figures('µs'),
});
export type Series = Static<typeof Series>;

export const Overview = object({
  from_ms: Ms,
  to_ms: Ms,
  step_s: Type.Integer({ minimum: 1 }),
  watched_s: Type.Integer({ minimum: 0, description: 'seconds of the range in which an agent reported: what its rates are of' }),
  source: Type.Unsafe<'rows' | 'rollup_1m' | 'rollup_1h' | 'rollup_1d'>({
    type: 'string',
    enum: ['rows', 'rollup_1m', 'rollup_1h', 'rollup_1d'],
    description:
      'the coarsest table asked; of one process or port, hours and days know only those in which it was among the largest of its host',
  }),
  tiles: Tiles,
  series: Series,
});
export type Overview = Static<typeof Overview>;
export type Tiles = Static<typeof Tiles>;

/** A share of fewer data segments than this says nothing, and is sorted behind the others. */
export const SEGMENTS_MIN = 100;

export const EDGE_SORTS = [
  'retrans',
  'retransmit_ratio',
  'connections_per_s',
  'rtt_p99_us',
  'turn_max_us',
  'stall_max_us',
  'failed',
  'resets',
  'bytes',
] as const;
export const Edge = object({
  host_id: Id,
  host: Type.String(),
  comm: Type.String(),
  container: Type.String({ description: 'container, else systemd unit, else empty' }),
  role: oneOf(ROLE),
  peer_addr: Type.String(),
  port: Type.Integer({ description: 'service port' }),
  others: Type.Boolean({ description: 'all edges of the host that were too small to be kept for so long, together' }),
  connections_per_s: Type.Number(),
  opened: Count,
  failed: Count,
  resets: Count,
  data_segs_out: Count,
  retrans: Type.Integer({ description: 'segments retransmitted (sent and failed)' }),
  retransmit_ratio: Figure('data segments lost / sent, as in the tiles; null without data segments'),
  rtt_p99_us: Figure('µs'),
  turn_max_us: Type.Integer({
    minimum: 0,
    description: 'the longest that one side waited for the other’s answer, µs; an end tells that of its connection’s whole life',
  }),
  stall_max_us: Type.Integer({ minimum: 0, description: 'the longest that a transfer under way stood still, µs; likewise' }),
  bytes: Type.Integer({ description: 'sent and received' }),
  limits: Limits,
});
export type Edge = Static<typeof Edge>;
export const Edges = object({ edges: Type.Array(Edge), total: Type.Integer({ description: 'edges in range, before the limit' }) });
export type Edges = Static<typeof Edges>;

export const Retransmits = object({
  retransmits: Type.Array(Retransmit),
  total: Type.Integer({ minimum: 0, description: 'retransmissions in the range, before the limit' }),
});
export type Retransmits = Static<typeof Retransmits>;

export const Host = object({
  host_id: Id,
  name: Type.String(),
  kernel: Type.String(),
  agent_version: Type.String(),
  last_seen_ms: Ms,
  lag_ms: Type.Number({ description: 'now − last report' }),
  completeness: Figure('0–1, in the range'),
  accounts: Type.Array(Account),
  hooks: Type.Array(object({ name: Type.String(), attached: Type.Boolean(), reason: Type.String() })),
});
export const Hosts = object({
  hosts: Type.Array(Host),
  total: Type.Integer({ minimum: 0, description: 'hosts that ever reported, whatever was asked for' }),
  next: Type.Union([Type.String(), Type.Null()], { description: 'give it as `after` for the page that follows; null on the last one' }),
});
export const HOST_SORTS = ['name', 'last_seen'] as const;
export type Host = Static<typeof Host>;
export type Hosts = Static<typeof Hosts>;

/** What every refusal looks like. */
export const Problem = object({
  code: Type.String(),
  message: Type.String(),
  digest: Type.Optional(Type.String({ description: 'SHA-256 of the request body, in hex, where it was read: the refusal is of that' })),
  span: Type.Optional(object({ start: Count, end: Count }, 'the characters of the filter that are wrong')),
});
export type Problem = Static<typeof Problem>;

/** `GET /api/v1/live` upgrades to a WebSocket; the server speaks, the browser only listens. */
export type LiveMessage =
  /** first, once: what the page shows before anything moves */
  | { type: 'hello'; server_ms: number; version: string }
  /** at most once a second, the same for every viewer: the last 15 minutes, unfiltered */
  | { type: 'tick'; server_ms: number; overview: Overview; edges: Edges }
  /** as rows are acknowledged, at most ten times a second, newest last; `skipped` did not fit */
  | { type: 'retransmits'; rows: Retransmit[]; skipped: number }
  /** the store is behind or failing; empty `reason` when it has recovered */
  | { type: 'trouble'; reason: string };

/** Paths, for both ends. */
export const API = {
  overview: '/api/v1/overview',
  edges: '/api/v1/edges',
  retransmits: '/api/v1/retransmits',
  listeners: '/api/v1/listeners',
  resets: '/api/v1/resets',
  drops: '/api/v1/drops',
  piles: '/api/v1/piles',
  map: '/api/v1/map',
  connections: '/api/v1/connections',
  connection: '/api/v1/connections/:host_id/:connection_id',
  hosts: '/api/v1/hosts',
  accounting: '/api/v1/accounting',
  explore: '/api/v1/explore',
  explore_names: '/api/v1/explore/names',
  explore_differs: '/api/v1/explore/differs',
  values: '/api/v1/values',
  question: '/api/v1/questions/:id',
  row_kinds: '/api/v1/row-kinds',
  fleet: '/api/v1/fleet',
  fleet_host: '/api/v1/fleet/:host_id',
  live: '/api/v1/live',
  health: '/api/v1/health',
  openapi: '/api/v1/openapi.json',
} as const;
