// The rows of one connection as the store returns them, by subject.
import type { ConnectionRow, EndReason, Event as EventName, Owner, Role, State } from '../../../bpf/rows/rows.gen.ts';
import type { Connection, Retransmit } from '../../api.ts';
import type { LimitTimes } from './limits.ts';

export type Head = {
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

/** The states in which the row of the end has the time spent, and its members for them. */
export const STATE_MEMBERS = {
  syn_sent: 'syn_sent_us',
  syn_recv: 'syn_recv_us',
  established: 'established_us',
  fin_wait1: 'fin_wait1_us',
  fin_wait2: 'fin_wait2_us',
  close_wait: 'close_wait_us',
  closing: 'closing_us',
  last_ack: 'last_ack_us',
} as const satisfies Partial<Record<State, keyof ConnectionRow>>;

type Figures<Name extends string> = Record<Name, number>;
type Counted = Figures<
  | 'bytes_sent'
  | 'bytes_failed'
  | 'bytes_received'
  | 'data_segs_out'
  | 'retrans_data'
  | 'retrans_spurious'
  | 'unattributed'
  | 'rtt_min_us'
  | 'turns'
  | 'turn_us'
  | 'turn_rtt_us'
  | 'turn_max_us'
  | 'stall_max_us'
  | 'idle_restarts'
  | 'unread'
  | 'notsent'
  | 'probes_out'
  | 'snd_wnd'
> &
  LimitTimes & { congestion_control: string; keepalive: boolean };
type AtEnd = Figures<
  | 'accept_us'
  | 'first_send_us'
  | 'first_receive_us'
  | 'srtt_max_us'
  | 'idle_restart_us'
  | 'unacked'
  | 'unheard_us'
  | 'port_first'
  | 'port_last'
  | 'snd_isn'
  | 'rcv_isn'
  | (typeof STATE_MEMBERS)[keyof typeof STATE_MEMBERS]
>;
export type Event = Head &
  Counted &
  AtEnd & {
    event: EventName;
    end_reason: EndReason;
    sk_err: number;
    preexisting: boolean;
    tells_open: boolean;
    duration_us: number;
    syn_arrived: boolean;
    connect_us: number;
    total_retrans: number;
  };
export type Transition = Head & { old_state: State; new_state: State; duration_us: number };
export type Sample = Head &
  Counted &
  Figures<'srtt_us' | 'snd_cwnd' | 'snd_ssthresh' | 'packets_out' | 'delivery_rate' | 'retrans' | 'rcv_wnd'>;
export type Names = Pick<Connection, 'host' | 'container' | 'command'>;

/** Facts from rows of other connections and of the namespace. */
export type Around = Pick<Connection, 'ports_used' | 'out_no_routes' | 'alike'>;

/** The rows of one connection; those of each kind oldest first. */
export type Chapters = {
  events: readonly Event[];
  transitions: readonly Transition[];
  samples: readonly Sample[];
  retransmits: readonly Retransmit[];
} & Pick<Connection, 'resets' | 'drops' | 'congestion'>;
