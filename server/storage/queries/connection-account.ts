// Sums up one connection's rows: bytes and segments, waits, and its samples as columns. The row of the end has totals. Until there is one,
// the sums of the samples are all that is known.
import type { Connection, Retransmit } from '../../api.ts';
import { type Chapters, type Event, type Sample, STATE_MEMBERS } from './connection-chapters.ts';
import { isTelling, type LimitTimes, limitsOf } from './limits.ts';

type Account = Pick<
  Connection,
  | 'bytes_sent'
  | 'bytes_failed'
  | 'bytes_received'
  | 'data_segs_out'
  | 'total_retrans'
  | 'retrans_data'
  | 'retrans_spurious'
  | 'unattributed'
  | 'rtt_min_us'
  | 'limits'
>;
/** Figures that are deltas in samples and totals in the row of the end. */
type Summed = 'bytes_sent' | 'bytes_failed' | 'bytes_received' | 'data_segs_out' | 'retrans_data' | 'retrans_spurious';

/** How much was sent, received and sent again, and what limited it. */
export function accountOf({ samples, retransmits }: Chapters, end: Event | undefined): Account {
  const latest = end ?? samples.at(-1);
  const all = [...samples, ...(end ? [end] : [])];
  const total = (rows: readonly LimitTimes[], name: keyof LimitTimes) => rows.reduce((sum, row) => sum + row[name], 0);
  const times = isTelling(total(all, 'sampled_us'), latest?.rtt_min_us ?? 0) ? all : [];
  const sampled = (name: Summed | 'retrans') => samples.reduce((sum, sample) => sum + sample[name], 0);
  const whole = (name: Summed) => end?.[name] ?? (samples.length > 0 ? sampled(name) : null);
  const known = samples.length > 0 || retransmits.length > 0;
  return {
    bytes_sent: whole('bytes_sent'),
    bytes_failed: whole('bytes_failed'),
    bytes_received: whole('bytes_received'),
    data_segs_out: whole('data_segs_out'),
    total_retrans: end?.total_retrans ?? (known ? Math.max(sampled('retrans'), attributed(retransmits)) : null),
    retrans_data: whole('retrans_data'),
    retrans_spurious: whole('retrans_spurious'),
    unattributed: latest?.unattributed ?? null,
    rtt_min_us: latest?.rtt_min_us || null,
    limits: limitsOf({
      busy_us: total(times, 'busy_us'),
      rwnd_limited_us: total(times, 'rwnd_limited_us'),
      sndbuf_limited_us: total(times, 'sndbuf_limited_us'),
      local_limited_us: total(times, 'local_limited_us'),
      sampled_us: total(times, 'sampled_us'),
    }),
  };
}

type Waits = Pick<
  Connection,
  | 'congestion_control'
  | 'keepalive'
  | 'accept_us'
  | 'first_send_us'
  | 'first_receive_us'
  | 'turns'
  | 'turn_us'
  | 'turn_rtt_us'
  | 'turn_max_us'
  | 'stall_max_us'
  | 'srtt_max_us'
  | 'idle_restarts'
  | 'idle_restart_us'
  | 'unread'
  | 'notsent'
  | 'unacked'
  | 'probes_out'
  | 'snd_wnd'
  | 'unheard_us'
  | 'syn_arrived'
  | 'port_first'
  | 'port_last'
  | 'state_us'
>;

/** Which side waited for the other, and what was left unread or unsent. Turns are deltas in samples, and totals in the row of the end. */
export function waitsOf(samples: readonly Sample[], end: Event | undefined): Waits {
  const latest = end ?? samples.at(-1);
  const sampled = (name: 'turns' | 'turn_us' | 'turn_rtt_us') =>
    samples.length > 0 ? samples.reduce((sum, sample) => sum + sample[name], 0) : null;
  const longest = (name: 'turn_max_us' | 'stall_max_us') => end?.[name] || largest(samples.map((sample) => sample[name]));
  const times = end ? Object.entries(STATE_MEMBERS).map(([state, member]) => [state, end[member]] as const) : [];
  return {
    congestion_control: latest?.congestion_control ?? '',
    keepalive: latest?.keepalive ?? false,
    accept_us: end?.accept_us || null,
    first_send_us: end?.first_send_us || null,
    first_receive_us: end?.first_receive_us || null,
    turns: end?.turns ?? sampled('turns'),
    turn_us: end?.turn_us ?? sampled('turn_us'),
    turn_rtt_us: end?.turn_rtt_us ?? sampled('turn_rtt_us'),
    turn_max_us: longest('turn_max_us'),
    stall_max_us: longest('stall_max_us'),
    srtt_max_us: end?.srtt_max_us || largest(samples.map(({ srtt_us }) => srtt_us)),
    idle_restarts: latest?.idle_restarts ?? null,
    idle_restart_us: end?.idle_restart_us || null,
    unread: latest?.unread ?? null,
    notsent: latest?.notsent ?? null,
    unacked: end?.unacked ?? null,
    probes_out: latest?.probes_out ?? null,
    snd_wnd: latest?.snd_wnd ?? null,
    unheard_us: end?.unheard_us ?? null,
    syn_arrived: end?.syn_arrived ?? false,
    port_first: end?.port_first || null,
    port_last: end?.port_last || null,
    state_us: Object.fromEntries(times.filter(([, us]) => us > 0)),
  };
}

const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value), 0) || null;

const attributed = (retransmits: readonly Retransmit[]) =>
  retransmits.reduce((sum, { outcome, segments }) => sum + (outcome === 'refused' ? 0 : segments), 0);

/** The samples as columns of equal length; null where nothing was measured. */
export function columnsOf(samples: readonly Sample[]): Connection['samples'] {
  const measured = (value: number) => (value > 0 ? value : null);
  return {
    time_ms: samples.map(({ time_ms }) => time_ms),
    srtt_us: samples.map(({ srtt_us }) => measured(srtt_us)),
    rtt_min_us: samples.map(({ rtt_min_us }) => measured(rtt_min_us)),
    snd_cwnd: samples.map(({ snd_cwnd }) => snd_cwnd),
    // 0x7fffffff is the kernel's value for "not yet known".
    snd_ssthresh: samples.map(({ snd_ssthresh }) => (snd_ssthresh < 0x7fff_ffff ? snd_ssthresh : null)),
    packets_out: samples.map(({ packets_out }) => packets_out),
    delivery_rate: samples.map(({ delivery_rate }) => measured(delivery_rate)),
    retrans: samples.map(({ retrans }) => retrans),
    snd_wnd: samples.map(({ snd_wnd }) => snd_wnd),
    rcv_wnd: samples.map(({ rcv_wnd }) => rcv_wnd),
    notsent: samples.map(({ notsent }) => notsent),
    unread: samples.map(({ unread }) => unread),
  };
}
