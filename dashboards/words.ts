// Words for the API's enums. The mappings are total: a new value does not compile until it has words here.
import type { Account, Connection, Edge, ListedConnection, Retransmit, STACKED_CLASSES } from '../server/api.ts';

export type RetransmitClass = Retransmit['class'];
type Said = { label: string; meaning: string };

/** In the order of stacked charts. */
export const CLASS_ORDER: typeof STACKED_CLASSES = ['fast', 'slow_start', 'rto', 'tlp', 'syn', 'syn_ack', 'unknown'];

export const CLASS_WORDS = {
  fast: { label: 'fast', meaning: 'the peer’s acknowledgements showed a hole: lost, and repaired without a timeout' },
  slow_start: { label: 'slow start', meaning: 'resent while recovering from a timeout' },
  rto: { label: 'timeout', meaning: 'nothing came back until the retransmission timer fired: the connection stood still' },
  tlp: { label: 'tail probe', meaning: 'a probe for a lost last segment (TLP); may be no loss at all' },
  syn: { label: 'SYN', meaning: 'a connect got no answer: packet lost, filtered, or nobody there' },
  syn_ack: { label: 'SYN-ACK', meaning: 'a peer that asked to connect did not complete the handshake' },
  unknown: { label: 'unknown', meaning: 'the kernel’s state did not tell why' },
} as const satisfies Record<RetransmitClass, Said>;

export const OUTCOME_WORDS = {
  sent: { label: 'sent', meaning: 'left TCP' },
  failed: { label: 'failed', meaning: 'TCP built it, the layers below refused it; the kernel counts it as retransmitted' },
  refused: { label: 'refused', meaning: 'never left TCP; the kernel counts it nowhere' },
} as const satisfies Record<Retransmit['outcome'], Said>;

/** Places where rows are lost, in the order of their way. */
export const LOSS_WORDS = {
  ring_lost: { label: 'ring full', meaning: 'lost in the kernel: the agent did not drain fast enough' },
  withheld: { label: 'over budget', meaning: 'not written: the kind’s or a filter’s budget was spent' },
  missed: { label: 'not seen', meaning: 'a connection opened or ended where the kernel ran no program: nothing but the gap tells' },
  memory_dropped: { label: 'memory full', meaning: 'dropped by the agent: its disk took nothing, and its memory for unsent rows was full' },
  spool_dropped: { label: 'spool full', meaning: 'dropped by the agent: the collector was away for longer than its spool has room' },
  spool_expired: { label: 'spool too old', meaning: 'dropped by the agent: the collector was away for longer than rows may wait' },
  spool_damaged: { label: 'spool damaged', meaning: 'the agent’s file was torn or corrupted where it lay' },
  died: { label: 'agent died', meaning: 'drained and not yet on its disk when the agent died' },
  rejected: {
    label: 'rejected',
    meaning: 'refused by the collector for good: the agent’s log says why, its dead-letter file has the rows',
  },
  quarantined: {
    label: 'wrong time',
    meaning: 'their time is outside of what the tables keep: the collector’s quarantine folder has them',
  },
  dead_letter: { label: 'not storable', meaning: 'refused by the store for good: the collector’s dead-letter folder has them' },
  log_damaged: { label: 'log damaged', meaning: 'the collector’s log was corrupted where it lay' },
} as const satisfies Record<keyof Account['lost'], Said>;

export const STATE_WORDS = {
  unknown: { label: 'unknown', meaning: 'state not seen' },
  established: { label: 'established', meaning: 'open, data may flow' },
  syn_sent: { label: 'SYN sent', meaning: 'connecting, waiting for the peer’s answer' },
  syn_recv: { label: 'SYN received', meaning: 'asked to connect, handshake not complete' },
  fin_wait1: { label: 'FIN wait 1', meaning: 'closed here, the peer has not acknowledged it' },
  fin_wait2: { label: 'FIN wait 2', meaning: 'closed here, waiting for the peer to close' },
  time_wait: { label: 'time wait', meaning: 'closed, port kept so that late segments do no harm' },
  close: { label: 'closed', meaning: 'gone' },
  close_wait: { label: 'close wait', meaning: 'the peer has closed, this application has not' },
  last_ack: { label: 'last ACK', meaning: 'closed on both sides, waiting for the last acknowledgement' },
  listen: { label: 'listen', meaning: 'waiting for connections' },
  closing: { label: 'closing', meaning: 'both sides closed at the same time' },
  new_syn_recv: { label: 'SYN received', meaning: 'asked to connect, no socket made yet' },
} as const satisfies Record<Retransmit['state'], Said>;

export const CA_STATE_WORDS = {
  open: { label: 'open', meaning: 'nothing suspicious' },
  disorder: { label: 'disorder', meaning: 'duplicate ACKs or SACKs came: lost or reordered' },
  cwr: { label: 'CWR', meaning: 'window reduced on the path’s request (ECN) or locally' },
  recovery: { label: 'recovery', meaning: 'repairing a loss without a timeout' },
  loss: { label: 'loss', meaning: 'after a timeout: begins again from a small window' },
} as const satisfies Record<Retransmit['ca_state'], Said>;

export const EVIDENCE_WORDS = {
  none: { label: 'no evidence', meaning: 'nothing shows that it was not needed' },
  dsack: { label: 'DSACK', meaning: 'the peer reported that it had them twice' },
  undo: { label: 'undo', meaning: 'the kernel took its congestion response back' },
  both: { label: 'DSACK and undo', meaning: 'the peer had them twice, and the kernel took its congestion response back' },
} as const satisfies Record<Connection['congestion'][number]['evidence'], Said>;

export const OWNER_WORDS = {
  unknown: 'owner not known',
  connect: 'known from its connect() or listen()',
  listener: 'inherited from the listening socket',
  file_table: 'found in the process’s open files',
  io: 'last to read from it or write to it',
} as const satisfies Record<Connection['owner'], string>;

/** By the role of this end: which side connected to which. */
export const ROLE_ARROWS = { client: '→', server: '←', unknown: '↔' } as const satisfies Record<Connection['role'], string>;

export const PHASE_WORDS = {
  live: { label: 'live', meaning: 'no end of it was seen before the range ended' },
  ended: { label: 'ended', meaning: 'was open, and is over' },
  failed: { label: 'failed', meaning: 'connects that never became open' },
} as const satisfies Record<ListedConnection['phase'], Said>;

export const ROLE_WORDS = {
  unknown: 'direction not known',
  client: 'connected out',
  server: 'was connected to',
} as const satisfies Record<Connection['role'], string>;

/** The common name of each figure, its meaning, and the kernel's name. */
export const FIGURE_WORDS = {
  turns: {
    label: 'response time',
    meaning:
      'from a write to the data read next (client), or from a read to the next write (server); tcplens measures it, the kernel has no such figure',
  },
  stall: { label: 'stood still', meaning: 'the longest that a transfer under way did not move; tcplens measures it' },
  unread: { label: 'unread bytes', meaning: 'received and not read by the process: rcv_nxt − copied_seq, Recv-Q of ss' },
  left: {
    label: 'unread, unsent, unanswered',
    meaning:
      'bytes received and not read (Recv-Q), written and not sent (notsent_bytes), sent and not acknowledged (snd_nxt − snd_una), probes without an answer (icsk_probes_out)',
  },
  lost_out: { label: 'marked lost', meaning: 'segments in flight that the kernel takes for lost: lost_out' },
  evidence: {
    label: 'earlier retransmissions',
    meaning: 'what has since shown that retransmissions before this one were not needed: DSACK (tcpi_dsack_dups) or an undo',
  },
  limits: {
    label: 'limited by',
    meaning: 'what kept data from flowing faster: the kernel’s chronometers busy_time, rwnd_limited and sndbuf_limited',
  },
  retrans: { label: 'retransmitted', meaning: 'segments sent again: tcpi_total_retrans' },
  rtt: { label: 'round trip', meaning: 'smoothed round-trip time: tcpi_rtt; the least of late: tcpi_min_rtt' },
  connect: {
    label: 'handshake',
    meaning: 'from the SYN to the connection being open (client), from the SYN-ACK to its acknowledgement (server)',
  },
  bytes: { label: 'bytes', meaning: 'payload: tcpi_bytes_sent and tcpi_bytes_received' },
} as const satisfies Record<string, Said>;

/** Why a connection ended, for the second half of a sentence. `alarming`: somebody should look. */
export const END_REASON_WORDS = {
  none: { label: 'open', words: 'still open', alarming: false },
  fin_local: { label: 'closed here', words: 'closed by this side', alarming: false },
  fin_peer: { label: 'closed by peer', words: 'closed by the peer', alarming: false },
  rst_sent: { label: 'reset here', words: 'reset by this side', alarming: true },
  rst_received: { label: 'reset came in', words: 'ended by a reset that came in', alarming: true },
  timeout: { label: 'timed out', words: 'timed out: this side gave up on what it had sent or wanted to send', alarming: true },
  refused: { label: 'refused', words: 'refused: a reset answered its SYN', alarming: true },
  unreachable: { label: 'unreachable', words: 'unreachable: no route, or a router said so', alarming: true },
  abort: { label: 'given up here', words: 'given up by this side before it was open', alarming: false },
  unknown: { label: 'end not seen', words: 'ended, reason not seen', alarming: false },
  no_port: { label: 'no port left', words: 'not tried: no local port was left toward that destination', alarming: true },
} as const satisfies Record<Connection['end_reason'], { label: string; words: string; alarming: boolean }>;

export type Limit = keyof Edge['limits'];
/** What kept data from flowing faster, in the order of bars. */
export const LIMIT_ORDER = ['application', 'network', 'receiver', 'sender', 'host'] as const satisfies readonly Limit[];

export const LIMIT_WORDS = {
  application: { label: 'application', meaning: 'had nothing to send' },
  network: { label: 'network', meaning: 'congestion window: data waited for acknowledgements' },
  receiver: { label: 'receiver', meaning: 'the peer’s window was full: it reads too slowly' },
  sender: { label: 'sender', meaning: 'the send buffer was full' },
  host: { label: 'this host', meaning: 'it had no way to send: no route, its link down, or its own queue or firewall' },
} as const satisfies Record<Limit, Said>;

/** Name of an errno; the number if it has no entry. */
export const errnoName = (err: number): string => errnoWords(err).split(':')[0] ?? '';

/** Name and meaning of an errno; the number if it has no entry; '' for 0. */
export function errnoWords(err: number): string {
  const number = Math.abs(err);
  return number === 0 ? '' : (ERRNO[number] ?? `errno ${number}`);
}

const ERRNO: Readonly<Record<number, string>> = {
  1: 'EPERM: a firewall refused it',
  11: 'EAGAIN: no room, tried again',
  12: 'ENOMEM: no memory',
  32: 'EPIPE',
  99: 'EADDRNOTAVAIL: no local address or port left',
  101: 'ENETUNREACH: no route to the network',
  103: 'ECONNABORTED',
  104: 'ECONNRESET: a reset came in',
  105: 'ENOBUFS: the queue below was full',
  110: 'ETIMEDOUT: no answer',
  111: 'ECONNREFUSED: refused by the peer',
  113: 'EHOSTUNREACH: no route to the host',
};
