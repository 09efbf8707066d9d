// A connection to make something stand out in, and what is then said of it.
import type { Finding } from '../../dashboards/views/connection/findings/finding.ts';
import { findingsOf } from '../../dashboards/views/connection/findings.ts';
import type { Connection } from '../../server/api.ts';

/** A connection in which nothing stands out. */
export const QUIET = {
  role: 'client',
  from_ms: 0,
  to_ms: 60_000,
  opened_ms: 0,
  closed_ms: 60_000,
  state: 'close',
  end_reason: 'fin_peer',
  connect_us: 1200,
  accept_us: null,
  turns: 100,
  turn_us: 200_000,
  turn_rtt_us: 110_000,
  turn_max_us: 4_000,
  stall_max_us: null,
  rtt_min_us: 1000,
  srtt_max_us: 3000,
  total_retrans: 0,
  retrans_data: 0,
  retrans_spurious: 0,
  data_segs_out: 1000,
  retransmits: [],
  congestion: [],
  unread: 0,
  unacked: 0,
  probes_out: 0,
  idle_restarts: 0,
  idle_restart_us: null,
  limits: { application: 0.7, network: 0.2, receiver: 0.05, sender: 0.05, host: 0 },
  states: [{ state: 'established', from_ms: 0, to_ms: 60_000 }],
  resets: [],
  drops: [],
  bytes_failed: 0,
  notsent: 0,
  snd_wnd: 65_536,
  unheard_us: 0,
  syn_arrived: false,
  sk_err: 0,
  out_no_routes: null,
  local_port: 40_000,
  peer_addr: '192.0.2.7',
  peer_port: 443,
  samples: { time_ms: [], unread: [], rcv_wnd: [] },
  other_end: null,
  peer_said: null,
  alike: null,
} as unknown as Connection;

/** What is said of it with these changes, with plain spaces for narrow ones. */
export const saidOf = (change: Partial<Connection>): Finding[] =>
  findingsOf({ ...QUIET, ...change }).map((one) => ({ ...one, words: one.words.replaceAll('\u202f', ' ') }));
