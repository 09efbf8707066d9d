// What the kernel counted at one end of a connection: over its whole life where it ended, else over its samples. Times in microseconds.
import type { Rows } from '../../bpf/rows/rows.gen.ts';
import type { Evidence } from './evidence.ts';
import type { BusyTimes } from './limits.ts';

export type Account = BusyTimes & {
  /** the time that the account covers */
  total_us: number;
  /** of the handshake; 0 unknown */
  connect_us: number;
  turns: number;
  turn_us: number;
  turn_max_us: number;
  turn_rtt_us: number;
  rtt_min_us: number;
  bytes_sent: number;
  bytes_received: number;
  data_segs_out: number;
  data_segs_in: number;
  retrans: number;
  role: Rows['connection']['role'];
  /** the rows that it is made from */
  rows: readonly (Rows['connection'] | Rows['sample'])[];
};

const idOf = ({ host_id, connection_id }: { host_id: bigint; connection_id: bigint }) => `${host_id} ${connection_id}`;

/** The account of each end, by host and cookie. */
export function accountsOf({ connection, sample }: Evidence): Map<string, Account> {
  const accounts = new Map<string, Account>();
  // A connection that is not open yet has nothing to send.
  const open = sample.filter(({ state }) => state !== 'syn_sent');
  for (const [id, rows] of Map.groupBy(open, idOf)) accounts.set(id, ofSamples(rows));
  for (const row of connection) {
    if (row.event !== 'close') continue;
    const sampled = accounts.get(idOf(row));
    // For a connection older than the agent its samples stay: they leave out the time before the agent.
    if (!row.preexisting || !sampled) accounts.set(idOf(row), ofClose(row));
  }
  return accounts;
}

function ofClose(row: Rows['connection']): Account {
  return {
    ...timesOf(row),
    total_us: Number(row.duration_us),
    connect_us: row.connect_us,
    turns: row.turns,
    turn_us: Number(row.turn_us),
    turn_rtt_us: Number(row.turn_rtt_us),
    turn_max_us: row.turn_max_us,
    rtt_min_us: row.rtt_min_us,
    bytes_sent: Number(row.bytes_sent),
    bytes_received: Number(row.bytes_received),
    data_segs_out: row.data_segs_out,
    data_segs_in: row.data_segs_in,
    retrans: row.total_retrans,
    role: row.role,
    rows: [row],
  };
}

type Summed = keyof { [Name in keyof Rows['sample'] as Rows['sample'][Name] extends number | bigint ? Name : never]: 0 };

function ofSamples(rows: readonly Rows['sample'][]): Account {
  const sum = (name: Summed) => rows.reduce((total, row) => total + Number(row[name]), 0);
  const last = rows.at(-1);
  return {
    busy_us: sum('busy_us'),
    rwnd_limited_us: sum('rwnd_limited_us'),
    sndbuf_limited_us: sum('sndbuf_limited_us'),
    local_limited_us: sum('local_limited_us'),
    total_us: sum('interval_us'),
    connect_us: 0,
    turns: sum('turns'),
    turn_us: sum('turn_us'),
    turn_rtt_us: sum('turn_rtt_us'),
    turn_max_us: rows.reduce((most, row) => Math.max(most, row.turn_max_us), 0),
    rtt_min_us: last?.rtt_min_us ?? 0,
    bytes_sent: sum('bytes_sent'),
    bytes_received: sum('bytes_received'),
    data_segs_out: sum('data_segs_out'),
    data_segs_in: sum('data_segs_in'),
    retrans: sum('retrans'),
    role: last?.role ?? 'unknown',
    rows: last ? [last] : [],
  };
}

const timesOf = (row: Rows['connection']): BusyTimes => ({
  busy_us: Number(row.busy_us),
  rwnd_limited_us: Number(row.rwnd_limited_us),
  sndbuf_limited_us: Number(row.sndbuf_limited_us),
  local_limited_us: Number(row.local_limited_us),
});
