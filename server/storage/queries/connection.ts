// Reads everything about one connection from the store. connection-story.ts builds the answer.
import type { Connection } from '../../api.ts';
import type { Queryable } from '../engine.ts';
import { containerName, hostName } from '../entities.ts';
import { fewRows } from '../identity.ts';
import { aroundOf } from './connection-around.ts';
import { type Chapters, type Event, type Names, type Sample, STATE_MEMBERS, type Transition } from './connection-chapters.ts';
import { storyOf } from './connection-story.ts';
import { straysOf } from './connection-strays.ts';
import { otherEnd } from './other-end.ts';
import { peerSaid } from './peer-said.ts';
import { retransmitsOf } from './retransmits.ts';

/** Limit of rows of a kind: the newest samples, and the first rows of other kinds. */
const ROWS_MAX = 2000;

const OF_CONNECTION = 'host_id = {host_id:UInt64} AND connection_id = {connection_id:UInt64}';

/** The same columns of rows of each kind. */
const HEAD = `toUnixTimestamp64Nano(time_ns) / 1e6 AS time_ms, toString(netns) AS netns, toString(cgroup_id) AS cgroup_id, pid, comm, owner, role,
  toString(local_addr) AS local_addr, local_port, toString(peer_addr) AS peer_addr, peer_port, state`;

/** Members that only the row of an end has, by their names in rows.h. */
const AT_END = [
  'accept_us',
  'first_send_us',
  'first_receive_us',
  'srtt_max_us',
  'idle_restart_us',
  'unacked',
  'unheard_us',
  'port_first',
  'port_last',
  'syn_arrived',
  'snd_isn',
  'rcv_isn',
  ...Object.values(STATE_MEMBERS),
].join(', ');

/** Members that ends and samples have. */
const AS_OF = `congestion_control, keepalive, unattributed, rtt_min_us, bytes_sent, bytes_failed, bytes_received, data_segs_out, retrans_data, retrans_spurious,
  turns, turn_us, turn_rtt_us, turn_max_us, stall_max_us, idle_restarts, unread, notsent, probes_out, snd_wnd`;

const EVENTS = `SELECT ${HEAD}, ${AS_OF}, ${AT_END}, event, end_reason, sk_err, preexisting, tells_open, duration_us, connect_us, total_retrans,
  busy_us_rest AS busy_us, rwnd_limited_us_rest AS rwnd_limited_us, sndbuf_limited_us_rest AS sndbuf_limited_us,
  local_limited_us_rest AS local_limited_us, interval_us_rest AS sampled_us
FROM ${fewRows('connection', OF_CONNECTION)} ORDER BY time_ns LIMIT {rows:UInt32}`;

const TRANSITIONS = `SELECT ${HEAD}, old_state, new_state, duration_us FROM ${fewRows('state_change', OF_CONNECTION)} ORDER BY time_ns LIMIT {rows:UInt32}`;

const SAMPLES = `SELECT * FROM (
  SELECT ${HEAD}, ${AS_OF}, srtt_us, snd_cwnd, snd_ssthresh, packets_out, delivery_rate, retrans, rcv_wnd,
    busy_us, rwnd_limited_us, sndbuf_limited_us, local_limited_us, interval_us AS sampled_us
  FROM ${fewRows('sample', OF_CONNECTION)} ORDER BY time_ns DESC LIMIT {rows:UInt32}
) ORDER BY time_ms`;

/** A SELECT of rows that are shown without change. */
const asTold = (table: string, members: string) =>
  `SELECT toString(toUnixTimestamp64Nano(t.time_ns)) AS time_ns, ${members}
FROM (SELECT * FROM ${fewRows(table, OF_CONNECTION)} ORDER BY time_ns LIMIT {rows:UInt32}) AS t ORDER BY t.time_ns`;
const RESETS = asTold('reset', 'direction, reason, state, linger_zero, idle_us, unread, notsent, packets_out');
const DROPS = asTold('drop', 'direction, meaning, reason, location, tcp_flags, seq, length');
const CONGESTION = asTold(
  'congestion',
  'old_ca_state, new_ca_state, duration_us, snd_cwnd, snd_ssthresh, packets_out, lost_out, retrans, retrans_spurious, evidence',
);

/** Names, with the command line of the process that had the pid when the connection was last seen. */
const NAMES = `SELECT ${hostName('{host_id:UInt64}')} AS host, ${containerName('{host_id:UInt64}', '{cgroup_id:UInt64}')} AS container,
  (SELECT argMax(command, started_at) FROM process FINAL
   WHERE host_id = {host_id:UInt64} AND pid = {pid:UInt32} AND pid != 0 AND started_at <= fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')) AS command`;

/** By time: decimal numbers of equal length compare like texts. */
const byTime = <Row extends { time_ns: string }>(own: readonly Row[], strays: readonly Row[]): Row[] =>
  strays.length === 0 ? [...own] : [...own, ...strays].sort((a, b) => (a.time_ns < b.time_ns ? -1 : 1)).slice(0, ROWS_MAX);

/** The story; undefined if no row of the connection is stored. */
export async function connection(store: Queryable, host_id: string, connection_id: string): Promise<Connection | undefined> {
  const params = { host_id, connection_id, rows: ROWS_MAX };
  const [events, transitions, samples, retransmits, resets, drops, congestion] = await Promise.all([
    store.query<Event>(EVENTS, params, ROWS_MAX),
    store.query<Transition>(TRANSITIONS, params, ROWS_MAX),
    store.query<Sample>(SAMPLES, params, ROWS_MAX),
    retransmitsOf(store, host_id, connection_id, ROWS_MAX),
    store.query<Connection['resets'][number]>(RESETS, params, ROWS_MAX),
    store.query<Connection['drops'][number]>(DROPS, params, ROWS_MAX),
    store.query<Connection['congestion'][number]>(CONGESTION, params, ROWS_MAX),
  ]);
  const chapters: Chapters = { events, transitions, samples, retransmits, resets, drops, congestion };
  const story = storyOf(chapters);
  if (story === undefined) return undefined;
  const { cgroup_id, ...facts } = story;
  const own = { host_id, connection_id, ...facts };
  const [[names], other_end, peer_said, around, strays] = await Promise.all([
    store.query<Names>(NAMES, { host_id, cgroup_id, pid: facts.pid, to_ms: facts.to_ms }, 1),
    otherEnd(store, own, events),
    peerSaid(store, own),
    aroundOf(store, { cgroup_id, ...own }),
    straysOf(store, host_id, story, ROWS_MAX, Date.now()),
  ]);
  const named = { host: names?.host ?? '', container: names?.container ?? '', command: names?.command ?? '' };
  const all = { drops: byTime(drops, strays.drops), resets: byTime(resets, strays.resets) };
  return { host_id, connection_id, ...named, ...facts, ...around, ...all, other_end, peer_said };
}
