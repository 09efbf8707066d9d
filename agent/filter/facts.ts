// The facts of a row that a filter can test: each is a number. Says where the kernel and a recorded row have it, and which kinds of row have
// it at all.
import {
  CA_STATE,
  CLASS,
  DIRECTION,
  END_REASON,
  EVENT,
  type FILTER_WORDS,
  KIND,
  KINDS,
  type Kind,
  MEANING,
  OUTCOME,
  ROLE,
  STATE,
} from '../../bpf/rows/rows.gen.ts';
import type { Range } from './ranges.ts';

export type FactLayout = {
  /** the column of rows.h from which it is read in a recorded row */
  column: string;
  /** the word in filter.h that has it, or has its upper half */
  word: keyof typeof FILTER_WORDS;
  /** the values of a known fact; any other value means unknown */
  domain: Range;
  kinds: ReadonlySet<Kind>;
};

/** All kinds but `namespace`, whose rows the loader makes and no filter sees. */
export const FILTERED_KINDS: readonly Kind[] = KIND.filter((kind) => kind !== 'namespace');

const bits = (count: bigint): Range => [0n, (1n << count) - 1n];
/** Facts for which 0 means unknown. */
const identity = (count: bigint): Range => [1n, (1n << count) - 1n];
const names = (list: readonly string[]): Range => [0n, BigInt(list.length - 1)];

function kindsWith(column: string): Set<Kind> {
  return new Set(FILTERED_KINDS.filter((kind) => KINDS[kind].columns.some(({ name }) => name === column)));
}

/** A fact with a word of its own, which has the name of its column. */
function fact(column: keyof typeof FILTER_WORDS, domain: Range, kinds: ReadonlySet<Kind> = kindsWith(column)): FactLayout {
  return { column, word: column, domain, kinds };
}

const withPeer = new Set(FILTERED_KINDS.filter((kind) => kind !== 'listener'));

export const FACTS = {
  kind: fact('kind', names(KIND)),
  local_addr: { column: 'local_addr', word: 'local_addr_high', domain: bits(128n), kinds: kindsWith('local_addr') },
  peer_addr: { column: 'peer_addr', word: 'peer_addr_high', domain: bits(128n), kinds: withPeer },
  local_port: fact('local_port', identity(16n)),
  peer_port: fact('peer_port', identity(16n), withPeer),
  comm: { column: 'comm', word: 'comm_high', domain: identity(128n), kinds: kindsWith('comm') },
  pid: fact('pid', identity(32n)),
  uid: fact('uid', [0n, 0xffff_fffen]),
  cgroup_id: fact('cgroup_id', identity(64n)),
  netns: fact('netns', identity(64n)),
  role: fact('role', names(ROLE)),
  state: fact('state', names(STATE)),
  srtt_us: fact('srtt_us', identity(32n), withPeer),
  class: fact('class', names(CLASS)),
  outcome: fact('outcome', names(OUTCOME)),
  event: fact('event', names(EVENT)),
  end_reason: fact('end_reason', names(END_REASON)),
  direction: fact('direction', names(DIRECTION)),
  meaning: fact('meaning', names(MEANING)),
  old_state: fact('old_state', names(STATE)),
  new_state: fact('new_state', names(STATE)),
  ca_state: fact('ca_state', names(CA_STATE)),
  old_ca_state: fact('old_ca_state', names(CA_STATE)),
  new_ca_state: fact('new_ca_state', names(CA_STATE)),
  // Resets and drops number their reasons differently.
  reset_reason: fact('reason_code', bits(32n), new Set<Kind>(['reset'])),
  drop_reason: fact('reason_code', bits(32n), new Set<Kind>(['drop'])),
} as const satisfies Record<string, FactLayout>;

export type Fact = keyof typeof FACTS;

export function factLayout(name: Fact): FactLayout {
  return FACTS[name];
}
