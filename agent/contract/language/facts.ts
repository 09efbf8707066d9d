// The facts of a row that an expression can test: each is a number. Says in which column of rows.h a row has it, and which kinds of row have
// it at all.
import {
  CA_STATE,
  CLASS,
  DIRECTION,
  END_REASON,
  EVENT,
  KIND,
  type Kind,
  MEANING,
  OUTCOME,
  ROLE,
  STATE,
} from '../../../bpf/rows/rows.gen.ts';
import type { Range } from './ranges.ts';

export type FactLayout = {
  /** the column of rows.h; '' where it is made of several */
  column: string;
  /** the values of a known fact; any other value means unknown */
  domain: Range;
  kinds: ReadonlySet<Kind>;
  /** the names of the values, from 0 on */
  names?: readonly string[];
};

/** All kinds but `namespace`, whose rows the loader makes and no filter sees. */
export const FILTERED_KINDS: readonly Kind[] = KIND.filter((kind) => kind !== 'namespace');

const bits = (count: bigint): Range => [0n, (1n << count) - 1n];
/** Facts for which 0 means unknown. */
const identity = (count: bigint): Range => [1n, (1n << count) - 1n];

const every = new Set(FILTERED_KINDS);
const withPeer = new Set(FILTERED_KINDS.filter((kind) => kind !== 'listener'));
const of = (...kinds: readonly Kind[]): ReadonlySet<Kind> => new Set(kinds);

function fact(column: string, domain: Range, kinds: ReadonlySet<Kind>): FactLayout {
  return { column, domain, kinds };
}

function named(column: string, names: readonly string[], kinds: ReadonlySet<Kind>): FactLayout {
  return { column, domain: [0n, BigInt(names.length - 1)], kinds, names };
}

/** The facts that the kernel can test as it writes a row (filter.h). */
export const KERNEL_FACTS = {
  kind: named('kind', KIND, every),
  local_addr: fact('local_addr', bits(128n), every),
  peer_addr: fact('peer_addr', bits(128n), withPeer),
  local_port: fact('local_port', identity(16n), every),
  peer_port: fact('peer_port', identity(16n), withPeer),
  comm: fact('comm', identity(128n), every),
  pid: fact('pid', identity(32n), every),
  uid: fact('uid', [0n, 0xffff_fffen], every),
  cgroup_id: fact('cgroup_id', identity(64n), every),
  netns: fact('netns', identity(64n), every),
  role: named('role', ROLE, every),
  state: named('state', STATE, every),
  srtt_us: fact('srtt_us', identity(32n), withPeer),
  class: named('class', CLASS, of('retransmit')),
  outcome: named('outcome', OUTCOME, of('retransmit')),
  event: named('event', EVENT, of('connection')),
  end_reason: named('end_reason', END_REASON, of('connection')),
  direction: named('direction', DIRECTION, of('reset', 'drop', 'packet')),
  meaning: named('meaning', MEANING, of('drop')),
  old_state: named('old_state', STATE, of('state_change')),
  new_state: named('new_state', STATE, of('state_change')),
  ca_state: named('ca_state', CA_STATE, of('retransmit', 'sample', 'progress')),
  old_ca_state: named('old_ca_state', CA_STATE, of('congestion')),
  new_ca_state: named('new_ca_state', CA_STATE, of('congestion')),
  // Resets and drops number their reasons differently.
  reset_reason: fact('reason_code', bits(32n), of('reset')),
  drop_reason: fact('reason_code', bits(32n), of('drop')),
} as const satisfies Record<string, FactLayout>;

/** The facts that can be tested only in stored rows. */
export const STORED_FACTS = {
  host_id: fact('host_id', identity(64n), new Set(KIND)),
  connection_id: fact('connection_id', identity(64n), every),
  service_port: fact('', identity(16n), every),
  duration_us: fact('duration_us', identity(64n), of('connection', 'state_change', 'congestion')),
  connect_us: fact('connect_us', identity(32n), of('connection')),
  accept_us: fact('accept_us', identity(64n), of('connection')),
  turn_max_us: fact('turn_max_us', identity(32n), of('connection', 'sample')),
  stall_max_us: fact('stall_max_us', identity(32n), of('connection', 'sample')),
  idle_us: fact('idle_us', identity(64n), of('sample', 'reset')),
  bytes_sent: fact('bytes_sent', bits(64n), of('connection', 'sample', 'reset')),
  bytes_received: fact('bytes_received', bits(64n), of('connection', 'sample', 'reset')),
  unread: fact('unread', bits(32n), of('connection', 'sample', 'reset', 'progress')),
  segments: fact('segments', bits(32n), of('retransmit', 'progress', 'packet')),
} as const satisfies Record<string, FactLayout>;

export type KernelFact = keyof typeof KERNEL_FACTS;
export type Fact = KernelFact | keyof typeof STORED_FACTS;

const FACTS: Readonly<Record<Fact, FactLayout>> = { ...KERNEL_FACTS, ...STORED_FACTS };

export function factLayout(name: Fact): FactLayout {
  return FACTS[name];
}

export const isKernelFact = (fact: Fact): fact is KernelFact => Object.hasOwn(KERNEL_FACTS, fact);
