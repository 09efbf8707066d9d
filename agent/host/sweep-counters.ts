// A network namespace's own counters, as nstat shows them, out of the text of its files.
import { type Column, KINDS, type NamespaceRow } from '../../bpf/rows/rows.gen.ts';

const FIRST = KINDS.namespace.columns.findIndex(({ name }) => name === 'in_segs');
/** What a row of the kind has beside its head and interval. */
export const COLUMNS: readonly Column[] = KINDS.namespace.columns.slice(FIRST);

export type Member = Exclude<keyof NamespaceRow & string, (typeof HEAD)[number]>;
const HEAD = [
  ...['time_ns', 'host_id', 'connection_id', 'cgroup_id', 'netns', 'local_addr', 'peer_addr', 'pid', 'local_port', 'peer_port'],
  ...['kind', 'role', 'state', 'owner', 'comm', 'srtt_us', 'uid', 'filters', 'interval_us'],
] as const satisfies readonly (keyof NamespaceRow)[];

/** The kernel's names, as in /proc/net/snmp, /proc/net/netstat and /proc/net/sockstat. */
const KERNEL_NAMES: Record<Exclude<Member, 'retrans_attributed' | 'unattributed' | 'port_range'>, string> = {
  in_segs: 'Tcp: InSegs',
  out_segs: 'Tcp: OutSegs',
  retrans_segs: 'Tcp: RetransSegs',
  active_opens: 'Tcp: ActiveOpens',
  passive_opens: 'Tcp: PassiveOpens',
  attempt_fails: 'Tcp: AttemptFails',
  estab_resets: 'Tcp: EstabResets',
  out_rsts: 'Tcp: OutRsts',
  in_errs: 'Tcp: InErrs',
  timeouts: 'TcpExt: TCPTimeouts',
  syn_retrans: 'TcpExt: TCPSynRetrans',
  fast_retrans: 'TcpExt: TCPFastRetrans',
  slow_start_retrans: 'TcpExt: TCPSlowStartRetrans',
  loss_probes: 'TcpExt: TCPLossProbes',
  lost_retransmit: 'TcpExt: TCPLostRetransmit',
  retrans_fail: 'TcpExt: TCPRetransFail',
  spurious_rtos: 'TcpExt: TCPSpuriousRTOs',
  full_undo: 'TcpExt: TCPFullUndo',
  loss_undo: 'TcpExt: TCPLossUndo',
  dsack_undo: 'TcpExt: TCPDSACKUndo',
  dsack_received: 'TcpExt: TCPDSACKRecv',
  listen_overflows: 'TcpExt: ListenOverflows',
  listen_drops: 'TcpExt: ListenDrops',
  req_q_full_drop: 'TcpExt: TCPReqQFullDrop',
  req_q_full_cookies: 'TcpExt: TCPReqQFullDoCookies',
  syncookies_sent: 'TcpExt: SyncookiesSent',
  syncookies_failed: 'TcpExt: SyncookiesFailed',
  abort_on_data: 'TcpExt: TCPAbortOnData',
  abort_on_close: 'TcpExt: TCPAbortOnClose',
  abort_on_memory: 'TcpExt: TCPAbortOnMemory',
  abort_on_timeout: 'TcpExt: TCPAbortOnTimeout',
  abort_on_linger: 'TcpExt: TCPAbortOnLinger',
  abort_failed: 'TcpExt: TCPAbortFailed',
  backlog_drop: 'TcpExt: TCPBacklogDrop',
  rcvq_drop: 'TcpExt: TCPRcvQDrop',
  ofo_drop: 'TcpExt: TCPOFODrop',
  zero_window_drop: 'TcpExt: TCPZeroWindowDrop',
  from_zero_window: 'TcpExt: TCPFromZeroWindowAdv',
  to_zero_window: 'TcpExt: TCPToZeroWindowAdv',
  want_zero_window: 'TcpExt: TCPWantZeroWindowAdv',
  keepalives: 'TcpExt: TCPKeepAlive',
  win_probes: 'TcpExt: TCPWinProbe',
  memory_pressures: 'TcpExt: TCPMemoryPressures',
  time_wait_overflow: 'TcpExt: TCPTimeWaitOverflow',
  out_no_routes: 'Ip: OutNoRoutes', // and what IPv6 counts, in a file of its own
  inuse: 'TCP: inuse',
  orphans: 'TCP: orphan',
  time_wait: 'TCP: tw',
  curr_estab: 'Tcp: CurrEstab',
  mem_pages: 'TCP: mem',
};

const AT = new Map(COLUMNS.map(({ name }, at) => [name, at]));
export const at = (member: Member): number => AT.get(member) ?? 0;
const BY_KERNEL_NAME = new Map(Object.entries(KERNEL_NAMES).map(([member, name]) => [name, at(member as Member)]));

/** The place of each field, by the text of a line of names. A kernel has the same line of names in all of its namespaces. */
const known = new Map<string, readonly (number | undefined)[]>();

function placesOf(names: string): readonly (number | undefined)[] {
  const found = known.get(names);
  if (found !== undefined) return found;
  const [group, ...fields] = names.split(' ');
  const places = [undefined, ...fields.map((field) => BY_KERNEL_NAME.get(`${group} ${field}`))];
  known.set(names, places);
  return places;
}

/** Pairs of lines, "Group: name …" and "Group: value …". */
function takePairs(text: string, into: number[]): void {
  const lines = text.split('\n');
  for (let line = 0; line + 1 < lines.length; line += 2) {
    const places = placesOf(lines[line] ?? '');
    const values = (lines[line + 1] ?? '').split(' ');
    for (const [field, place] of places.entries()) if (place !== undefined) into[place] = Number(values[field]);
  }
}

/** The line "TCP: name value name value …". */
function takeSockets(text: string, into: number[]): void {
  const fields = /^TCP: (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
  for (let field = 0; field + 1 < fields.length; field += 2) {
    const place = BY_KERNEL_NAME.get(`TCP: ${fields[field]}`);
    if (place !== undefined) into[place] = Number(fields[field + 1]);
  }
}

/** The files that have them, in the order in which the loader hands them out. A kernel without IPv6 has no snmp6. */
export type CounterFiles = Record<'snmp' | 'netstat' | 'snmp6' | 'sockstat' | 'port_range', string>;

/** What a look into a namespace tells. */
export type NetnsLook = {
  cookie: bigint;
  inode: number;
  /** CLOCK_BOOTTIME and the wall clock, ns */
  boot_ns: bigint;
  time_ns: bigint;
  /** segments of retransmit rows, sent and failed */
  attributed: number;
  files: CounterFiles;
};

/** The kernel's value for each column; 0 where it does not count that. */
export function countersOf({ snmp, netstat, snmp6, sockstat, port_range }: CounterFiles): number[] {
  const values = COLUMNS.map(() => 0);
  takePairs(snmp, values);
  takePairs(netstat, values);
  takeSockets(sockstat, values);
  values[at('out_no_routes')] = (values[at('out_no_routes')] ?? 0) + Number(/^Ip6OutNoRoutes\s+(\d+)$/m.exec(snmp6)?.[1] ?? 0);
  const [from, to] = port_range.split(/\s/).map(Number);
  if (from !== undefined && to !== undefined) values[at('port_range')] = to - from + 1;
  return values;
}
