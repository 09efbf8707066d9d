// From one connection's rows to its story: who, from when to when, in which states, how it went and why it ended.
import type { EndReason, Event as EventName, Owner, Role, State } from '../../../bpf/rows.gen.ts';
import type { Connection, Retransmit } from '../../api.ts';
import { plainAddress } from './address.ts';
import { type LimitTimes, limitsOf } from './limits.ts';

type Head = {
  /** ms since the epoch, with a fraction */
  time_ms: number;
  netns: string;
  cgroup_id: string;
  pid: number;
  comm: string;
  owner: Owner;
  role: Role;
  local_addr: string;
  local_port: number;
  peer_addr: string;
  peer_port: number;
  state: State;
};

type Counted = Record<'bytes_sent' | 'bytes_received' | 'unattributed' | 'rtt_min_us', number> & LimitTimes;
export type Event = Head &
  Counted & { event: EventName; end_reason: EndReason; sk_err: number; preexisting: boolean; connect_us: number; total_retrans: number };
export type Transition = Head & { old_state: State; new_state: State; duration_us: number };
export type Sample = Head & Counted & Record<'srtt_us' | 'snd_cwnd' | 'snd_ssthresh' | 'packets_out' | 'delivery_rate' | 'retrans', number>;
export type Names = Pick<Connection, 'host' | 'container' | 'command'>;

/** One connection's rows, each kind oldest first. */
export type Chapters = {
  events: readonly Event[];
  transitions: readonly Transition[];
  samples: readonly Sample[];
  retransmits: readonly Retransmit[];
};

export type Story = Omit<Connection, 'host_id' | 'connection_id' | keyof Names> & { cgroup_id: string };

/** Undefined without any row. */
export function storyOf(chapters: Chapters): Story | undefined {
  const { events, transitions, samples, retransmits } = chapters;
  const byTime = (a: Head, b: Head) => a.time_ms - b.time_ms;
  const told = [...events, ...transitions, ...samples].sort(byTime);
  const heads = [...told, ...retransmits.map(headOf)].sort(byTime);
  const first = heads[0];
  const last = heads.at(-1);
  if (!first || !last) return undefined;
  const open = events.find(({ event, preexisting }) => event === 'open' && !preexisting);
  const end = events.findLast(({ event }) => event !== 'open');
  // The owner may become known late, and a closing socket may have lost it.
  const { netns, cgroup_id, pid, comm, owner, role, local_addr, local_port, peer_addr, peer_port } =
    ownerOf(told) ?? ownerOf(heads) ?? last;
  return {
    netns,
    cgroup_id,
    pid,
    comm,
    owner,
    role,
    local_addr: plainAddress(local_addr),
    local_port,
    peer_addr: plainAddress(peer_addr),
    peer_port,
    from_ms: Math.floor(first.time_ms),
    to_ms: Math.ceil(last.time_ms),
    opened_ms: open ? Math.floor(open.time_ms) : null,
    closed_ms: end ? Math.floor(end.time_ms) : null,
    state: end ? 'close' : (transitions.at(-1)?.new_state ?? last.state),
    end_reason: end?.end_reason ?? 'none',
    sk_err: end?.sk_err ?? 0,
    connect_us: events.find(({ connect_us }) => connect_us > 0)?.connect_us ?? null,
    ...accountOf(chapters, end),
    states: statesOf(heads, transitions, end !== undefined),
    samples: columnsOf(samples),
    retransmits: [...retransmits],
  };
}

const ownerOf = (heads: readonly Head[]) => heads.findLast(({ owner }) => owner !== 'unknown');

function headOf({ time_ns, ...row }: Retransmit): Head {
  return { ...row, time_ms: Number(time_ns) / 1e6, cgroup_id: '0' };
}

type Account = Pick<Connection, 'bytes_sent' | 'bytes_received' | 'total_retrans' | 'unattributed' | 'rtt_min_us' | 'limits'>;

/** The end's row has the whole account; before it, samples add up to what is known so far. */
function accountOf({ samples, retransmits }: Chapters, end: Event | undefined): Account {
  const latest = end ?? samples.at(-1);
  const times = [...samples, ...(end ? [end] : [])];
  const total = (rows: readonly LimitTimes[], name: keyof LimitTimes) => rows.reduce((sum, row) => sum + row[name], 0);
  const sampled = (name: 'bytes_sent' | 'bytes_received' | 'retrans') => samples.reduce((sum, sample) => sum + sample[name], 0);
  const known = samples.length > 0 || retransmits.length > 0;
  return {
    bytes_sent: end?.bytes_sent ?? (samples.length > 0 ? sampled('bytes_sent') : null),
    bytes_received: end?.bytes_received ?? (samples.length > 0 ? sampled('bytes_received') : null),
    total_retrans: end?.total_retrans ?? (known ? Math.max(sampled('retrans'), attributed(retransmits)) : null),
    unattributed: latest?.unattributed ?? null,
    rtt_min_us: latest?.rtt_min_us || null,
    limits: limitsOf({
      busy_us: total(times, 'busy_us'),
      rwnd_limited_us: total(times, 'rwnd_limited_us'),
      sndbuf_limited_us: total(times, 'sndbuf_limited_us'),
      sampled_us: total(times, 'sampled_us'),
    }),
  };
}

const attributed = (retransmits: readonly Retransmit[]) =>
  retransmits.reduce((sum, { outcome, segments }) => sum + (outcome === 'refused' ? 0 : segments), 0);

/** One entry a stay in a state. Without transitions, the state that the rows carry, since the first of them. */
function statesOf(heads: readonly Head[], transitions: readonly Transition[], ended: boolean): Connection['states'] {
  const first = transitions[0];
  if (!first) {
    const seen = heads[0];
    const last = heads.at(-1);
    if (!seen || !last) return [];
    return [{ state: seen.state, from_ms: seen.time_ms, to_ms: ended ? last.time_ms : null }];
  }
  const before =
    first.duration_us > 0 ? [{ state: first.old_state, from_ms: first.time_ms - first.duration_us / 1000, to_ms: first.time_ms }] : [];
  const stays = transitions.map(({ new_state, time_ms }, at) => ({
    state: new_state,
    from_ms: time_ms,
    to_ms: transitions[at + 1]?.time_ms ?? null,
  }));
  // Closed is where the line ends, not a stay.
  return [...before, ...stays.filter(({ state }) => state !== 'close')];
}

function columnsOf(samples: readonly Sample[]): Connection['samples'] {
  const measured = (value: number) => (value > 0 ? value : null);
  return {
    time_ms: samples.map(({ time_ms }) => time_ms),
    srtt_us: samples.map(({ srtt_us }) => measured(srtt_us)),
    rtt_min_us: samples.map(({ rtt_min_us }) => measured(rtt_min_us)),
    snd_cwnd: samples.map(({ snd_cwnd }) => snd_cwnd),
    // 0x7fffffff is the kernel's "not yet known".
    snd_ssthresh: samples.map(({ snd_ssthresh }) => (snd_ssthresh < 0x7fff_ffff ? snd_ssthresh : null)),
    packets_out: samples.map(({ packets_out }) => packets_out),
    delivery_rate: samples.map(({ delivery_rate }) => measured(delivery_rate)),
    retrans: samples.map(({ retrans }) => retrans),
  };
}
