// The kernel's counters and what tcplens says in their place: by its rows of events, and by its namespace rows.
import type { ConnectionRow, NamespaceRow, RetransmitRow } from '../../bpf/rows/rows.gen.ts';
import { type Excuses, SIDES, type SideSeen } from './scenario.ts';
import {
  attempts,
  closedFrom,
  counted,
  counterOf,
  ends,
  failures,
  firewalled,
  opens,
  resetsSent,
  segments,
  sent,
  sum,
  unattributed,
  unseenFailures,
} from './views.ts';

type Gauge = 'interval_us' | 'inuse' | 'orphans' | 'time_wait' | 'curr_estab' | 'mem_pages' | 'port_range';
type Own = 'retrans_attributed' | 'unattributed';
type NamespaceCounter = Exclude<keyof NamespaceRow, keyof RetransmitRow | Gauge | Own>;

/** The members of namespace rows by nstat's names. */
const NAMESPACE: Record<NamespaceCounter, string> = {
  in_segs: 'TcpInSegs',
  out_segs: 'TcpOutSegs',
  retrans_segs: 'TcpRetransSegs',
  active_opens: 'TcpActiveOpens',
  passive_opens: 'TcpPassiveOpens',
  attempt_fails: 'TcpAttemptFails',
  estab_resets: 'TcpEstabResets',
  out_rsts: 'TcpOutRsts',
  in_errs: 'TcpInErrs',
  timeouts: 'TcpExtTCPTimeouts',
  syn_retrans: 'TcpExtTCPSynRetrans',
  fast_retrans: 'TcpExtTCPFastRetrans',
  slow_start_retrans: 'TcpExtTCPSlowStartRetrans',
  loss_probes: 'TcpExtTCPLossProbes',
  lost_retransmit: 'TcpExtTCPLostRetransmit',
  retrans_fail: 'TcpExtTCPRetransFail',
  spurious_rtos: 'TcpExtTCPSpuriousRTOs',
  full_undo: 'TcpExtTCPFullUndo',
  loss_undo: 'TcpExtTCPLossUndo',
  dsack_undo: 'TcpExtTCPDSACKUndo',
  dsack_received: 'TcpExtTCPDSACKRecv',
  listen_overflows: 'TcpExtListenOverflows',
  listen_drops: 'TcpExtListenDrops',
  req_q_full_drop: 'TcpExtTCPReqQFullDrop',
  req_q_full_cookies: 'TcpExtTCPReqQFullDoCookies',
  syncookies_sent: 'TcpExtSyncookiesSent',
  syncookies_failed: 'TcpExtSyncookiesFailed',
  abort_on_data: 'TcpExtTCPAbortOnData',
  abort_on_close: 'TcpExtTCPAbortOnClose',
  abort_on_memory: 'TcpExtTCPAbortOnMemory',
  abort_on_timeout: 'TcpExtTCPAbortOnTimeout',
  abort_on_linger: 'TcpExtTCPAbortOnLinger',
  abort_failed: 'TcpExtTCPAbortFailed',
  backlog_drop: 'TcpExtTCPBacklogDrop',
  rcvq_drop: 'TcpExtTCPRcvQDrop',
  ofo_drop: 'TcpExtTCPOFODrop',
  zero_window_drop: 'TcpExtTCPZeroWindowDrop',
  from_zero_window: 'TcpExtTCPFromZeroWindowAdv',
  to_zero_window: 'TcpExtTCPToZeroWindowAdv',
  want_zero_window: 'TcpExtTCPWantZeroWindowAdv',
  keepalives: 'TcpExtTCPKeepAlive',
  win_probes: 'TcpExtTCPWinProbe',
  memory_pressures: 'TcpExtTCPMemoryPressures',
  time_wait_overflow: 'TcpExtTCPTimeWaitOverflow',
  out_no_routes: 'IpOutNoRoutes+Ip6OutNoRoutes',
};

const members = Object.entries(NAMESPACE) as [NamespaceCounter, string][];
const memberOf = new Map(members.map(([member, name]) => [name, member]));

/** What event rows say of one counter. A sum of several of nstat's counters is written with "+". */
type Rule = {
  counter: string;
  rows: (seen: SideSeen) => number;
  /** whether `unattributed` has all that the rows lack, or may have a part of it (other counters have other parts) */
  unattributed?: 'all' | 'part';
  /** what it lacks may have been counted for a connect whose failure was not seen */
  unseen?: true;
  /** why the rows may say less, though never more */
  atMost?: string;
};

/** In place of its own timeout error the kernel returns the last error that it got for a packet that it sent: no route. */
const gaveUp = ({ event, sk_err }: ConnectionRow) => sk_err === 110 || (event === 'close' && (sk_err === 113 || sk_err === 101));

/**
 * Each retransmission by a timer, and each connection that gave up: the timeout at which it does sends nothing. A SYN-ACK
 * may be sent again without a timeout, for a SYN that came again.
 */
function timeouts(seen: SideSeen): number {
  const timed = attempts(seen).filter((row) => row.class === 'rto' || row.class === 'syn');
  // Probes of a window or of a silent peer that give up are no timeouts of a retransmission, nor are those of data that found no way out.
  const givenUp = ends(seen).filter((row) => gaveUp(row) && row.probes_out === 0 && (row.event === 'failed' || row.unacked > 0));
  return timed.length + givenUp.length;
}

/** A connect that has no port left, or no route, fails before the kernel counts it as an active open. */
const activeOpens = (seen: SideSeen) =>
  opens(seen).filter(({ role }) => role === 'client').length +
  failures(seen).filter((row) => row.role === 'client' && row.segs_out > 0).length;
const passiveOpens = (seen: SideSeen) => [...opens(seen), ...failures(seen)].filter(({ role }) => role === 'server').length;
/** A connect that its own process takes back has no error, and is not counted. */
const attemptFails = (seen: SideSeen) =>
  failures(seen).filter((row) => (row.sk_err !== 0 && row.end_reason !== 'no_port') || row.role === 'server').length;

const failed = (seen: SideSeen) => attempts(seen).filter(({ outcome }) => outcome === 'failed');
const resetsFor = (name: string) => (seen: SideSeen) => resetsSent(seen).filter(({ reason }) => reason === name).length;
const allSegments = (rows: readonly RetransmitRow[]) => sum(rows.map((row) => row.segments));

const CLASSES: readonly Rule[] = [
  { counter: 'TcpExtTCPSynRetrans', rows: (seen) => segments(counted(seen), 'syn', 'syn_ack'), unattributed: 'part' },
  { counter: 'TcpExtTCPFastRetrans', rows: (seen) => segments(sent(seen), 'fast'), unattributed: 'part' },
  { counter: 'TcpExtTCPSlowStartRetrans', rows: (seen) => segments(sent(seen), 'slow_start'), unattributed: 'part' },
];

export const UNDOS = 'TcpExtTCPLossUndo+TcpExtTCPFullUndo+TcpExtTCPPartialUndo+TcpExtTCPDSACKUndo';

const RULES: readonly Rule[] = [
  { counter: 'TcpRetransSegs', rows: (seen) => allSegments(counted(seen)), unattributed: 'all' },
  ...CLASSES,
  { counter: 'TcpExtTCPTimeouts', rows: timeouts, unattributed: 'part', unseen: true },
  {
    counter: 'TcpExtTCPLossProbes',
    // A probe that a firewall of this host dropped is not counted.
    rows: (seen) => sent(seen).filter((row) => row.class === 'tlp').length,
    unattributed: 'part',
    atMost: 'a probe with new data sends nothing again',
  },
  { counter: 'TcpExtTCPRetransFail', rows: (seen) => allSegments(failed(seen)), unattributed: 'part' },
  { counter: 'TcpActiveOpens', rows: activeOpens, unseen: true },
  { counter: 'TcpPassiveOpens', rows: passiveOpens },
  { counter: 'TcpAttemptFails', rows: attemptFails, unseen: true },
  { counter: 'TcpEstabResets', rows: (seen) => closedFrom(seen, 'established', 'close_wait').length },
  { counter: 'TcpOutRsts', rows: (seen) => resetsSent(seen).length },
  { counter: 'TcpExtTCPAbortOnClose', rows: resetsFor('tcp_abort_on_close') },
  { counter: 'TcpExtTCPAbortOnLinger', rows: resetsFor('tcp_abort_on_linger') },
  { counter: 'TcpExtTCPAbortOnTimeout', rows: (seen) => ends(seen).filter(gaveUp).length, unseen: true },
  {
    counter: 'TcpExtTCPSackRecovery+TcpExtTCPRenoRecovery',
    rows: ({ rows }) => rows.congestion.filter((row) => row.new_ca_state === 'recovery').length,
  },
  { counter: 'TcpExtTCPDSACKRecvSegs', rows: (seen) => sum(ends(seen).map((row) => row.dsack_dups)) },
  { counter: UNDOS, rows: (seen) => sum(ends(seen).map((row) => row.undos)) },
  { counter: 'TcpExtTCPSACKReorder+TcpExtTCPTSReorder+TcpExtTCPRenoReorder', rows: (seen) => sum(ends(seen).map((row) => row.reord_seen)) },
  { counter: 'TcpExtTCPZeroWindowDrop', rows: ({ rows }) => rows.drop.filter(({ reason }) => reason === 'tcp_zerowindow').length },
];

/** One line of the table. */
export type Line = {
  scenario: string;
  side: string;
  source: string;
  counter: string;
  kernel: number;
  /** what event rows come to; undefined where they do not speak of it */
  rows: number | undefined;
  /** what namespace rows come to */
  namespace: number | undefined;
  /** what tcplens itself calls unattributed, or an end nobody saw: at most so much the rows may lack */
  allowed: number;
  /** the rows must lack exactly `allowed` */
  exactly: boolean;
  /** what of the difference has a known reason, to the unit; undefined: the two do not mean the same */
  apart: number | undefined;
  /** the reason */
  why: string;
};

function ruleLine(seen: SideSeen, scenario: string, { counter, rows, unattributed: lacks, unseen, atMost }: Rule): Line {
  const member = memberOf.get(counter);
  const kernel = counterOf(seen.nstat, counter);
  const found = rows(seen);
  return {
    scenario,
    side: seen.side,
    source: 'nstat',
    counter,
    kernel,
    rows: found,
    namespace: member === undefined ? undefined : sum(seen.rows.namespace.map((row) => row[member])),
    allowed: (lacks ? unattributed(seen) : 0) + (unseen ? unseenFailures(seen).length : 0),
    exactly: lacks === 'all',
    apart: atMost ? Math.max(0, kernel - found) : 0,
    why: atMost && kernel > found ? atMost : '',
  };
}

/** What another program saw of the same events, and the rows of them. */
function witnessLines(seen: SideSeen): [counter: string, kernel: number, rows: number][] {
  const { witnessed, rows } = seen;
  return [
    ['retransmit events', witnessed.retransmits, attempts(seen).length],
    ['segments of them', witnessed.segments, allSegments(attempts(seen))],
    ['state changes', witnessed.state_changes, rows.state_change.length],
    // An end that no program saw has a row too, when its socket goes.
    ['ends of connections', witnessed.ends, Math.min(witnessed.ends, ends(seen).length)],
  ];
}

/** Every line that nstat, the witness, iptables and the rows of one side make. */
export function accountOf(seen: SideSeen, other: SideSeen, scenario: string, excused: Excuses = {}): Line[] {
  const { side, nstat, rows, filtered } = seen;
  const plain = { scenario, side, namespace: undefined, allowed: 0, exactly: true, apart: 0, why: '' };
  const ruled = RULES.map((rule) => ruleLine(seen, scenario, rule));
  const known = new Set(RULES.map(({ counter }) => counter));
  const others = members
    .filter(([, counter]) => !known.has(counter))
    .map(([member, counter]) => {
      const namespace = sum(rows.namespace.map((row) => row[member]));
      return { ...plain, source: 'nstat', counter, kernel: counterOf(nstat, counter), rows: undefined, namespace };
    });
  const witnessed = witnessLines(seen).map(([counter, kernel, said]) => ({ ...plain, source: 'witness', counter, kernel, rows: said }));
  const drops = { ...plain, source: 'iptables', counter: 'packets dropped', kernel: filtered, rows: firewalled(seen).length };
  return [...ruled, ...others, ...witnessed, drops].map((line) => ({ ...line, ...excused[line.counter]?.(seen, other) }));
}

const lacking = ({ kernel, rows, apart }: Line): number => kernel - (rows ?? kernel) - (apart ?? 0);

/** What is wrong with a line; empty: nothing. */
function faultOf(line: Line): string {
  const { scenario, side, source, counter, kernel, rows, namespace, allowed, exactly, apart } = line;
  const where = `${scenario} ${side}: ${source} ${counter} is ${kernel}`;
  const lacks = lacking(line);
  if (apart !== undefined && (lacks < (exactly ? allowed : 0) || lacks > allowed))
    return `${where}, rows say ${rows}, unattributed ${allowed}`;
  return namespace === undefined || namespace === kernel ? '' : `${where}, namespace rows say ${namespace}`;
}

/** What is wrong with the lines of one scenario. */
export function faults(lines: readonly Line[]): string[] {
  const classes = new Set(CLASSES.map(({ counter }) => counter));
  const together = SIDES.flatMap((side) => {
    const own = lines.filter((line) => line.side === side && classes.has(line.counter));
    const lacks = sum(own.map(lacking));
    const allowed = own[0]?.allowed ?? 0;
    return lacks > allowed ? [`${own[0]?.scenario} ${side}: the classes lack ${lacks} together, unattributed ${allowed}`] : [];
  });
  return [...lines.map(faultOf).filter((text) => text !== ''), ...together];
}
