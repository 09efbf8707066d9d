// Messages about investigations: questions about them, starting and ending them.
import { type Static, Type } from 'typebox';
import { DETAILS } from '../../agent/contract/detail.ts';
import { ENDS, EXPRESSION_CHARS_MAX, HostState, InvestigationId } from '../../agent/contract/investigation.ts';
import { CAUSES, type Cause, NOT_NEEDED, type NotNeeded } from '../../agent/verdict/cause.ts';
import { ABOUT, CLAIM_CAUSES } from '../../agent/verdict/claims.ts';
import { DOUBTS, type Doubt, JOINED_BY, type JoinedBy } from '../../agent/verdict/ends.ts';
import { EVIDENCE_KINDS } from '../../agent/verdict/evidence.ts';
import { STACKED_KINDS } from '../../agent/verdict/stacks.ts';
import { Count, Figure, Ms, object, oneOf } from './schema.ts';

export const INVESTIGATIONS_API = {
  investigations: '/api/v1/investigations',
  investigation: '/api/v1/investigations/:id',
  stop: '/api/v1/investigations/:id/stop',
  alerts: '/api/v1/investigations/alerts',
  verdict: '/api/v1/investigations/:id/verdict',
  packets: '/api/v1/investigations/:id/packets.pcapng',
  rows: '/api/v1/investigations/:id/rows.ndjson',
  report: '/api/v1/investigations/:id/report.html',
  recording: '/api/v1/investigations/:id/recording.tcplens',
} as const;

const DAY_MS = 86_400_000;
const ROWS_PER_S_MAX = 100_000;
const Expression = Type.String({
  minLength: 1,
  maxLength: EXPRESSION_CHARS_MAX,
  description: 'which connections: peer in 10.2.0.0/24 and port = 443',
});
const Hosts = Type.String({
  maxLength: EXPRESSION_CHARS_MAX,
  description: 'which hosts, by name, id or label: label.env = prod; empty: all',
});
const RowsPerS = Type.Integer({ minimum: 1, maximum: ROWS_PER_S_MAX, description: 'rows of all kinds that each host may write for it' });
const RowsMax = Type.Integer({ minimum: 0, description: 'rows that each host may write for it in all; 0: as many as come' });
const UserStacks = Type.Boolean({
  description:
    'whether stacks also have the functions of the process, where its own system call led there and it was compiled with frame pointers',
});
const Note = Type.String({ maxLength: 200 });

export const InvestigationStart = object({
  expression: Expression,
  hosts: Hosts,
  detail: oneOf(DETAILS),
  user_stacks: Type.Optional(Type.Boolean({ ...UserStacks, default: false })),
  rows_per_s: RowsPerS,
  rows_max: RowsMax,
  for_ms: Type.Integer({ minimum: 1000, maximum: DAY_MS }),
  keep_ms: Type.Union([Type.Integer({ minimum: DAY_MS }), Type.Null()], {
    description: 'how long after its end it is kept; null: for ever',
  }),
  note: Note,
  dry_run: Type.Boolean({ description: 'start nothing: only say what it would follow' }),
});
export type InvestigationStart = Static<typeof InvestigationStart>;

export const Estimate = object(
  {
    hosts: Type.Integer({ minimum: 0, description: 'that had such connections' }),
    connections: Count,
    segments_per_s: Figure('sent and received by all of them together: with detail packets about as many rows'),
    segments_per_s_most: Figure('the same of the host that had the most'),
  },
  'connections of the last five minutes that the filter matches',
);
export type Estimate = Static<typeof Estimate>;

export const InvestigationStarted = object({
  id: Type.String({ description: '16 hex digits; empty: nothing was started' }),
  hosts: Type.Integer({ minimum: 0, description: 'hosts of the fleet that are to run it' }),
  estimate: Type.Union([Estimate, Type.Null()], { description: 'of a dry run' }),
});
export type InvestigationStarted = Static<typeof InvestigationStarted>;

const Investigation = object({
  id: InvestigationId,
  expression: Expression,
  hosts: Hosts,
  detail: oneOf(DETAILS),
  user_stacks: UserStacks,
  rows_per_s: RowsPerS,
  rows_max: RowsMax,
  note: Note,
  begins_ms: Ms,
  ends_ms: Type.Integer({ ...Ms, description: 'when its time is over' }),
  stopped_ms: Type.Union([Ms, Type.Null()], { description: 'when somebody stopped it' }),
  kept_until_ms: Type.Union([Ms, Type.Null()], { description: 'null: for ever' }),
  made_by: Type.String(),
  state: oneOf(['running', 'ended']),
});
export type Investigation = Static<typeof Investigation>;

export const Investigations = object({ investigations: Type.Array(Investigation, { description: 'the newest first' }) });
export type Investigations = Static<typeof Investigations>;

const { state: _, reason: __, ...told } = HostState.properties;
/** The state of an investigation at one host. */
export const AtHost = object({
  host_id: InvestigationId,
  host: Type.String({ description: 'its name, or its id where that is not known' }),
  state: oneOf(['waiting', 'running', 'ended']),
  reason: Type.Union([oneOf(ENDS), Type.Null()], { description: 'why it has ended there' }),
  ...told,
  since_ms: Type.Integer({ ...Ms, description: 'when it came to this state, by the clock of a collector; 0: nobody has heard of it' }),
});
export type AtHost = Static<typeof AtHost>;

export const OneInvestigation = object({
  ...Investigation.properties,
  counts: object({ waiting: Count, running: Count, ended: Count }, 'hosts in each state'),
  at_hosts: Type.Array(AtHost, { description: 'by name; those of a large fleet are cut off' }),
});
export type OneInvestigation = Static<typeof OneInvestigation>;
export const InvestigationParams = object({ id: InvestigationId });

const Share = {
  segments: Type.Integer({ minimum: 0, description: 'that were sent again' }),
  by_cause: object(Object.fromEntries(CAUSES.map((cause) => [cause, Count])) as Record<Cause, typeof Count>),
  by_why: object(Object.fromEntries(NOT_NEEDED.map((why) => [why, Count])) as Record<NotNeeded, typeof Count>, 'of not_needed, why'),
  peer_observed: Type.Integer({ minimum: 0, description: "of which the peer's end was looked at too" }),
};
/** `counted`: segments that reached the sockets. `seen`: those with a row. Where rows are missing, the absence of a row proves nothing. */
const Seen = object({ counted: Count, seen: Count });

const RestsOn = object({
  kind: oneOf(EVIDENCE_KINDS),
  host_id: InvestigationId,
  time_ns: Type.String({ description: 'of the row, nanoseconds since 1970 by its host’s clock' }),
});

/** A finding that is not about one retransmission: why connects failed, who reset connections, which sizes get through, where time went. */
export const VerdictClaim = object({
  about: oneOf(ABOUT),
  cause: oneOf(CLAIM_CAUSES),
  network: Type.String({ description: 'of the peer' }),
  connections: Type.Integer({ minimum: 0, description: 'of which it is true' }),
  of_connections: Type.Integer({ minimum: 0, description: 'of the network that it is about' }),
  us: Type.Integer({ minimum: 0, description: 'of slow: so much of their time; else 0' }),
  of_us: Type.Integer({ minimum: 0, description: 'of slow: all of their time; else 0' }),
  sentence: Type.String({ description: 'the same for people' }),
  missing: Type.String({ description: 'of not_known: what would have told' }),
  rests_on: Type.Array(RestsOn, { description: 'some of the rows that say so' }),
});
export type VerdictClaim = Static<typeof VerdictClaim>;

/** A call stack with which the kernel reached an event. */
export const VerdictStack = object({
  host_id: InvestigationId,
  about: oneOf(STACKED_KINDS),
  what: Type.String({ description: 'what happened, in the kernel’s words' }),
  functions: Type.Array(Type.String(), { description: 'of the kernel, the innermost first; empty where the host hides their names' }),
  user_functions: Type.Array(Type.String(), {
    description: 'of the process, likewise; empty where its own system call did not lead there, or nobody asked for them',
  }),
  rows: Type.Integer({ minimum: 0, description: 'events' }),
});
export type VerdictStack = Static<typeof VerdictStack>;

export const Verdict = object({
  ...Share,
  sentences: Type.Array(Type.String(), { description: 'the same for people' }),
  by_peer: Type.Array(object({ network: Type.String(), ...Share }), {
    description: 'by the network of the peer, the one with most segments first',
  }),
  dropped: Type.Array(
    object({ host_id: InvestigationId, reason: Type.String(), location: Type.String(), ifindex: Count, segments: Count }),
    {
      description: 'where packets were dropped',
    },
  ),
  missing: Type.Array(object({ what: Type.String(), segments: Count }), {
    description: 'what would have told where the cause is not known',
  }),
  arrivals: Seen,
  joins: object(
    Object.fromEntries([...JOINED_BY, ...DOUBTS].map((how) => [how, Count])) as Record<JoinedBy | Doubt, typeof Count>,
    'sockets by how they were joined with their other end, or why not',
  ),
  claims: Type.Array(VerdictClaim, {
    description: 'why connects failed, who reset connections, where the time of connections went: the largest of each first',
  }),
  stacks: Type.Array(VerdictStack, {
    description: 'by which ways the kernel came to drops, resets, retransmissions and zero windows: the most frequent first',
  }),
  rows: object(
    { written: Count, stored: Count },
    'of all kinds: what agents say that they wrote for it, and what of that has come: while some is on its way, a cause may change',
  ),
  cut: Type.Array(oneOf(EVIDENCE_KINDS), { description: 'kinds of rows of which only the first were read: a narrower expression has all' }),
});
export type Verdict = Static<typeof Verdict>;
