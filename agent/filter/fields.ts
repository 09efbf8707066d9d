// The fields of the filter language: which facts each tests, and how its values are written.
import { CA_STATE, CLASS, DIRECTION, END_REASON, EVENT, KIND, MEANING, OUTCOME, ROLE, STATE } from '../../bpf/rows/rows.gen.ts';
import type { Fact } from './facts.ts';
import {
  type ReadValue,
  readAddress,
  readCgroup,
  readDuration,
  readFamily,
  readName,
  readNetns,
  readNumber,
  readProcess,
  readReason,
} from './values.ts';

export type Field = {
  facts: readonly Fact[];
  read: ReadValue;
  /** whether it can be compared with <, <=, > and >= */
  ordered: boolean;
};

const named = (fact: Fact, list: readonly string[]): Field => ({ facts: [fact], read: readName(list), ordered: false });
const measured = (facts: readonly Fact[], read: ReadValue): Field => ({ facts, read, ordered: true });
const told = (facts: readonly Fact[], read: ReadValue): Field => ({ facts, read, ordered: false });

const NO_FILTER = { namespace: 'namespace rows are counters of a whole namespace: no filter is asked about them' };

/**
 * Of a field with two facts, `=` is true when either fact has the value, `!=` when neither has. `reason` is that of a reset or of a drop,
 * whichever the row is.
 */
export const FIELDS: Readonly<Record<string, Field>> = {
  kind: { facts: ['kind'], read: readName(KIND, NO_FILTER), ordered: false },
  addr: told(['local_addr', 'peer_addr'], readAddress),
  local: told(['local_addr'], readAddress),
  peer: told(['peer_addr'], readAddress),
  family: told(['local_addr'], readFamily),
  port: measured(['local_port', 'peer_port'], readNumber),
  local_port: measured(['local_port'], readNumber),
  peer_port: measured(['peer_port'], readNumber),
  process: told(['comm'], readProcess),
  pid: measured(['pid'], readNumber),
  uid: measured(['uid'], readNumber),
  cgroup: told(['cgroup_id'], readCgroup),
  netns: told(['netns'], readNetns),
  role: named('role', ROLE),
  state: named('state', STATE),
  srtt: measured(['srtt_us'], readDuration),
  class: named('class', CLASS),
  outcome: named('outcome', OUTCOME),
  event: named('event', EVENT),
  end_reason: named('end_reason', END_REASON),
  direction: named('direction', DIRECTION),
  meaning: named('meaning', MEANING),
  old_state: named('old_state', STATE),
  new_state: named('new_state', STATE),
  ca_state: named('ca_state', CA_STATE),
  old_ca_state: named('old_ca_state', CA_STATE),
  new_ca_state: named('new_ca_state', CA_STATE),
  reason: told(['reset_reason', 'drop_reason'], readReason),
};
