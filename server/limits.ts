// The collector's limits in one table, which the code reads and the README prints.
import { BATCH_BYTES_MAX } from '../agent/contract/batch-envelope.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const DAY_MS = 24 * 3600 * 1000;

/** How to read a number; `share`: a share of the option `--in-flight-max`. */
export type LimitUnit = 'bytes' | 'ms' | 'count' | 'share';
/** `what`: is limited. `per`: for each what. `beyond`: what happens beyond the limit. */
export type Limit = { what: string; number: number; unit: LimitUnit; per: string; beyond: string };

const AGAIN = '`429 too_many_bytes_in_flight`, and when to come back';
const TOO_MANY_VIEWS = '`409 too_many_views`';
const TOO_MANY_INVESTIGATIONS = '`409 too_many_investigations`';
const LEAST_USED = 'the least used goes';

/** A peer of batches and reports is an address with the host that these name; a peer of people is an address, browsers and tools apart. */
export const LIMITS = {
  rows_body: {
    what: 'a batch, packed',
    // Room for rows that do not compress: zstd adds a few bytes for each 128 KiB.
    number: BATCH_BYTES_MAX + 16 * KIB,
    unit: 'bytes',
    per: 'request',
    beyond: '`413 too_large`',
  },
  rows_unpacked: { what: 'a batch, unpacked', number: BATCH_BYTES_MAX, unit: 'bytes', per: 'request', beyond: '`413 too_large`' },
  // Ten thousand processes with the longest command lines fit.
  report_body: { what: 'a report', number: 16 * MIB, unit: 'bytes', per: 'request', beyond: '`413 too_large`' },
  // A layout has a few hundred columns at most.
  layouts_body: { what: 'layouts', number: MIB, unit: 'bytes', per: 'request', beyond: '`413 too_large`' },
  layouts_count: { what: 'layouts', number: 32, unit: 'count', per: 'request', beyond: '`400 request_invalid`' },
  people_body: { what: 'what a person sends', number: 64 * KIB, unit: 'bytes', per: 'request', beyond: '`413 too_large`' },
  rows_in_flight: { what: 'packed batches in memory', number: 0.5, unit: 'share', per: 'collector', beyond: AGAIN },
  rows_in_flight_peer: { what: 'packed batches in memory', number: 0.25, unit: 'share', per: 'peer', beyond: AGAIN },
  rows_unpacked_in_flight: {
    what: 'unpacked batches in memory',
    number: 0.5,
    unit: 'share',
    per: 'collector',
    beyond: 'batches wait; the peer that has the least goes first',
  },
  reports_in_flight: { what: 'reports and layouts in memory', number: 32 * MIB, unit: 'bytes', per: 'collector', beyond: AGAIN },
  reports_in_flight_peer: { what: 'reports and layouts in memory', number: 16 * MIB, unit: 'bytes', per: 'peer', beyond: AGAIN },
  people_in_flight: { what: 'what people send, in memory', number: 4 * MIB, unit: 'bytes', per: 'collector', beyond: AGAIN },
  people_in_flight_peer: { what: 'what people send, in memory', number: MIB, unit: 'bytes', per: 'peer', beyond: AGAIN },
  // Agents wait for an answer for as long as this.
  body_ms: { what: 'time for a body to come', number: 15_000, unit: 'ms', per: 'request', beyond: '`408 body_too_slow`' },
  // On a working path a body takes less, even from far away.
  slow_ms: {
    what: 'time after which a body that still comes is slow',
    number: 1000,
    unit: 'ms',
    per: 'request',
    beyond: 'gives way to others: `429 too_many_bytes_in_flight`',
  },
  request_ms: { what: 'time for a request to come', number: 30_000, unit: 'ms', per: 'request', beyond: '`408 request_too_slow`' },
  connection_ms: { what: 'time in which nothing moves', number: 60_000, unit: 'ms', per: 'connection', beyond: 'closed' },
  keep_alive_ms: { what: 'time between two requests', number: 75_000, unit: 'ms', per: 'connection', beyond: 'closed' },
  requests: {
    what: 'questions of people a minute',
    number: 1200,
    unit: 'count',
    per: 'peer',
    beyond: '`429 too_many_requests`, and when to come back',
  },
  agent_requests: {
    what: 'requests of agents in ten seconds',
    // Enough for a batch of each kind four times a second, reports, and batches of a backlog.
    number: 2000,
    unit: 'count',
    per: 'host',
    beyond: '`429 too_many_requests`, when to come back, and a finding that names the host',
  },
  // Enough for a fleet behind one address with one or two connections for each host.
  connections: { what: 'connections', number: 4096, unit: 'count', per: 'address', beyond: 'closed at once' },
  handshake_ms: { what: 'time for a TLS handshake', number: 10_000, unit: 'ms', per: 'connection', beyond: 'closed' },
  links: {
    what: 'links of `tcplens admin link` that nobody has opened',
    number: 16,
    unit: 'count',
    per: 'collector',
    beyond: 'the oldest goes',
  },
  link_ms: { what: 'time in which such a link can be opened', number: 15 * 60_000, unit: 'ms', per: 'link', beyond: '`403 link_used`' },
  login_delay_ms: {
    what: 'time until the next log-in, after the sixth failed one; it doubles with each, up to this',
    number: 60_000,
    unit: 'ms',
    per: 'name, and address',
    beyond: '`429 too_many_logins`, and when to come back',
  },
  login_failures: {
    what: 'names and addresses of failed log-ins',
    number: 10_000,
    unit: 'count',
    per: 'collector',
    beyond: 'the oldest go',
  },
  logins_waiting: {
    what: 'passwords that wait to be checked',
    number: 16,
    unit: 'count',
    per: 'collector',
    beyond: '`429 too_many_logins`',
  },
  session_ms: { what: 'time until a session ends', number: 7 * DAY_MS, unit: 'ms', per: 'session', beyond: '`401 login_needed`' },
  session_oidc_ms: {
    what: 'time until it ends, of who has logged in by OpenID',
    number: DAY_MS / 2,
    unit: 'ms',
    per: 'session',
    beyond: '`401 login_needed`',
  },
  session_idle_ms: { what: 'time in which it is not used', number: DAY_MS / 2, unit: 'ms', per: 'session', beyond: '`401 login_needed`' },
  sessions: { what: 'sessions', number: 32, unit: 'count', per: 'person', beyond: 'the oldest ends' },
  queries_running: { what: 'questions to the store at once', number: 4, unit: 'count', per: 'collector', beyond: 'they wait' },
  queries_waiting: {
    what: 'questions that wait for the store',
    number: 64,
    unit: 'count',
    per: 'collector',
    beyond: '`503 too_many_queries`, and when to come back',
  },
  explore_rows: {
    what: 'rows that a question of any metric reads',
    number: 100_000_000,
    unit: 'count',
    per: 'question',
    beyond: '`422 too_much`, and how to ask for less',
  },
  // One more statement may follow, with a limit of its own. A page waits for longer than both together.
  differs_ms: {
    what: 'time in which dimensions are asked what differs by them',
    number: 10_000,
    unit: 'ms',
    per: 'question',
    beyond: 'the answer names those that are left out',
  },
  // Each is at least ten times what a day of rows fills.
  engine_marks: {
    what: 'marks of columns, in the embedded engine',
    number: 128 * MIB,
    unit: 'bytes',
    per: 'collector',
    beyond: LEAST_USED,
  },
  engine_conditions: {
    what: 'which parts meet a condition, in the embedded engine',
    number: 16 * MIB,
    unit: 'bytes',
    per: 'collector',
    beyond: LEAST_USED,
  },
  engine_compiled: {
    what: 'compiled expressions, in the embedded engine',
    number: 32 * MIB,
    unit: 'bytes',
    per: 'collector',
    beyond: LEAST_USED,
  },
  viewers: { what: 'pages that follow the live feed', number: 100, unit: 'count', per: 'collector', beyond: '`503 too_many_viewers`' },
  viewers_peer: { what: 'pages that follow the live feed', number: 50, unit: 'count', per: 'peer', beyond: '`503 too_many_viewers`' },
  viewer_silent_ms: {
    what: 'time in which such a page answers a ping',
    number: 1000,
    unit: 'ms',
    per: 'page',
    beyond: 'its seat goes to one that comes',
  },
  viewer_ping_ms: { what: 'time between two pings', number: 10_000, unit: 'ms', per: 'page', beyond: 'closed, if the last has no answer' },
  viewer_unread: { what: 'what a page has not read', number: MIB, unit: 'bytes', per: 'page', beyond: 'it misses messages' },
  last_answers_ms: {
    what: 'time for answers that are under way when the collector ends',
    number: 5000,
    unit: 'ms',
    per: 'collector',
    beyond: 'their connections are closed, and what they read for is ended',
  },
  viewer_slow_ms: { what: 'time in which a page misses messages', number: 10_000, unit: 'ms', per: 'page', beyond: 'closed' },
  control_channels: {
    what: 'agents with a control channel',
    number: 20_000,
    unit: 'count',
    per: 'collector',
    beyond: '`503 too_many_agents`',
  },
  control_says: { what: 'what an agent says on it', number: 64 * KIB, unit: 'bytes', per: 'message', beyond: 'closed with 1009' },
  control_messages: { what: 'messages on it in ten seconds', number: 100, unit: 'count', per: 'agent', beyond: 'closed' },
  control_ping_ms: {
    what: 'time between two pings of it',
    number: 10_000,
    unit: 'ms',
    per: 'agent',
    beyond: 'closed, if the last has no answer',
  },
  agent_versions: {
    what: 'versions of agents whose settings are remembered',
    number: 64,
    unit: 'count',
    per: 'collector',
    beyond: 'others are checked as this version',
  },
  settings_bytes: {
    what: 'rules of a version of the agents’ settings',
    number: 256 * KIB,
    unit: 'bytes',
    per: 'version',
    beyond: '`422 settings_invalid`',
  },
  settings_versions: { what: 'versions of the agents’ settings', number: 100, unit: 'count', per: 'collector', beyond: 'the oldest go' },
  evidence_rows: {
    what: 'rows of each kind that a verdict on an investigation reads',
    // Judging is quick, but reading a row costs the engine and this process some hundred microseconds.
    number: 20_000,
    unit: 'count',
    per: 'question',
    beyond: 'the first ones are read, and the answer says so',
  },
  investigations_running: {
    what: 'investigations that run at once',
    number: 16,
    unit: 'count',
    per: 'store',
    beyond: TOO_MANY_INVESTIGATIONS,
  },
  investigations: { what: 'investigations', number: 1000, unit: 'count', per: 'store', beyond: TOO_MANY_INVESTIGATIONS },
  viewer_says: { what: 'what a page says', number: KIB, unit: 'bytes', per: 'message', beyond: 'closed with 1009' },
  // A view takes as much memory as its link, so all of them take some megabytes at most.
  views: { what: 'saved views', number: 1000, unit: 'count', per: 'store', beyond: TOO_MANY_VIEWS },
  views_own: { what: 'saved views', number: 100, unit: 'count', per: 'person', beyond: TOO_MANY_VIEWS },
} as const satisfies Record<string, Limit>;
