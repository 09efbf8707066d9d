// Everything known about one connection: what is asked of the store. connection-story.ts makes the answer.
import type { Connection } from '../../api.ts';
import { containerName, hostName } from '../entities.ts';
import type { Store } from '../store.ts';
import { type Chapters, type Event, type Names, type Sample, storyOf, type Transition } from './connection-story.ts';
import { retransmitsOf } from './retransmits.ts';

/** Most rows of a kind in one story; of samples the newest, of the rest the first. */
const ROWS_MAX = 2000;

const OF_CONNECTION = 'host_id = {host_id:UInt64} AND connection_id = {connection_id:UInt64}';

/** What rows of every kind say about the connection, in one form. */
const HEAD = `toUnixTimestamp64Nano(time_ns) / 1e6 AS time_ms, toString(netns) AS netns, toString(cgroup_id) AS cgroup_id, pid, comm, owner, role,
  toString(local_addr) AS local_addr, local_port, toString(peer_addr) AS peer_addr, peer_port, state`;

const EVENTS = `SELECT ${HEAD}, event, end_reason, sk_err, preexisting, connect_us, bytes_sent, bytes_received, total_retrans, unattributed, rtt_min_us,
  busy_us_rest AS busy_us, rwnd_limited_us_rest AS rwnd_limited_us, sndbuf_limited_us_rest AS sndbuf_limited_us, interval_us_rest AS sampled_us
FROM connection WHERE ${OF_CONNECTION} ORDER BY time_ns LIMIT {rows:UInt32}`;

const TRANSITIONS = `SELECT ${HEAD}, old_state, new_state, duration_us FROM state_change WHERE ${OF_CONNECTION} ORDER BY time_ns LIMIT {rows:UInt32}`;

const SAMPLES = `SELECT * FROM (
  SELECT ${HEAD}, srtt_us, rtt_min_us, snd_cwnd, snd_ssthresh, packets_out, delivery_rate, retrans, unattributed, bytes_sent, bytes_received,
    busy_us, rwnd_limited_us, sndbuf_limited_us, interval_us AS sampled_us
  FROM sample WHERE ${OF_CONNECTION} ORDER BY time_ns DESC LIMIT {rows:UInt32}
) ORDER BY time_ms`;

/** The newest process that had the pid when the connection was last seen. */
const NAMES = `SELECT ${hostName('{host_id:UInt64}')} AS host, ${containerName('{host_id:UInt64}', '{cgroup_id:UInt64}')} AS container,
  (SELECT argMax(command, started_at) FROM process FINAL
   WHERE host_id = {host_id:UInt64} AND pid = {pid:UInt32} AND pid != 0 AND started_at <= fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')) AS command`;

/** Undefined where no row of the connection is stored. */
export async function connection(store: Store, host_id: string, connection_id: string): Promise<Connection | undefined> {
  const params = { host_id, connection_id, rows: ROWS_MAX };
  const [events, transitions, samples, retransmits] = await Promise.all([
    store.query<Event>(EVENTS, params),
    store.query<Transition>(TRANSITIONS, params),
    store.query<Sample>(SAMPLES, params),
    retransmitsOf(store, host_id, connection_id, ROWS_MAX),
  ]);
  const chapters: Chapters = { events, transitions, samples, retransmits };
  const story = storyOf(chapters);
  if (story === undefined) return undefined;
  const { cgroup_id, ...facts } = story;
  const [names] = await store.query<Names>(NAMES, { host_id, cgroup_id, pid: facts.pid, to_ms: facts.to_ms });
  return { host_id, connection_id, host: names?.host ?? '', container: names?.container ?? '', command: names?.command ?? '', ...facts };
}
