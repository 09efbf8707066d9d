// The fields of the language, each defined once: which facts it tests, how its values are written, where it can be asked, and what it means.
import { CA_STATE, CLASS, DIRECTION, END_REASON, EVENT, KIND, MEANING, OUTCOME, ROLE, STATE } from '../../../bpf/rows/rows.gen.ts';
import type { Fact } from './facts.ts';
import type { NamedField } from './tree.ts';
import { type ReadValue, readAddress, readBytes, readDuration, readFamily, readName, readNumber, readProcess } from './values.ts';

/**
 * Where an expression is evaluated: by the kernel as it writes a row; over stored rows; over rollups of them: minutes, and hours and days
 * (`tiers`), which keep an entry's keys only where they stand out.
 */
export const PLACES = ['kernel', 'rows', 'minutes', 'tiers'] as const;
export type Place = (typeof PLACES)[number];

export type FieldType = 'names' | 'address' | 'port' | 'number' | 'duration' | 'bytes' | 'text';

export type Field = {
  type: FieldType;
  /** one plain sentence */
  words: string;
  facts: readonly Fact[];
  /** undefined: its values are names that are looked up where the expression is evaluated */
  read: ReadValue | undefined;
  /** all values, where there are few */
  values?: readonly string[];
  places: readonly Place[];
  /** where the kernel cannot test it: what to write there */
  kernel?: string;
};

const EVERYWHERE = PLACES.filter((place) => place !== 'tiers');
const STORED: readonly Place[] = ['rows'];
const KERNEL_AND_ROWS: readonly Place[] = ['kernel', 'rows'];
const ROLLED: readonly Place[] = ['rows', 'minutes'];

type More = Partial<Pick<Field, 'places' | 'kernel' | 'values'>>;
const field = (type: FieldType, facts: readonly Fact[], read: ReadValue | undefined, words: string, more: More = {}): Field => ({
  type,
  words,
  facts,
  read,
  places: KERNEL_AND_ROWS,
  ...more,
});
const names = (fact: Fact, values: readonly string[], words: string, places: readonly Place[] = KERNEL_AND_ROWS): Field =>
  field('names', [fact], readName(values), words, { values, places });
const duration = (fact: Fact, words: string): Field => field('duration', [fact], readDuration, words, { places: STORED });
const bytes = (fact: Fact, words: string): Field => field('bytes', [fact], readBytes, words, { places: STORED });

const NO_FILTER = { namespace: 'namespace rows are counters of a whole namespace: no filter is asked about them' };

/**
 * For a field with two facts, `=` is true when either fact has the value, `!=` when neither has. `reason` is that of a reset or of a drop,
 * whichever the row is.
 */
export const FIELDS = {
  kind: field('names', ['kind'], readName(KIND, NO_FILTER), 'what a row tells of', {
    values: KIND.filter((kind) => kind !== 'namespace'),
  }),
  host: field('text', ['host_id'], undefined, 'the host, by its name or id', {
    places: ['rows', 'minutes', 'tiers'],
    kernel: 'a filter in the kernel sees one host',
  }),
  label: field('text', ['host_id'], undefined, 'a label that the host joined its fleet with: label.NAME', {
    places: ['rows', 'minutes', 'tiers'],
    kernel: 'a filter in the kernel sees one host',
  }),
  addr: field('address', ['local_addr', 'peer_addr'], readAddress, 'the address of either end'),
  local: field('address', ['local_addr'], readAddress, "the host's own address"),
  peer: field('address', ['peer_addr'], readAddress, "the other end's address; of minutes its network, /24 of IPv4 and /64 of IPv6", {
    places: EVERYWHERE,
  }),
  family: field('names', ['local_addr'], readFamily, 'the version of IP', { values: ['ipv4', 'ipv6'] }),
  port: field('port', ['local_port', 'peer_port'], readNumber, 'the port of either end'),
  local_port: field('port', ['local_port'], readNumber, "the host's own port"),
  peer_port: field('port', ['peer_port'], readNumber, "the other end's port"),
  service_port: field('port', ['service_port'], readNumber, "the port that the server's side listens on", {
    places: ROLLED,
    kernel: 'write port=…, which is that of either end',
  }),
  process: field('text', ['comm'], readProcess, 'the name of the process that owns the socket', { places: EVERYWHERE }),
  pid: field('number', ['pid'], readNumber, 'the process id of that owner'),
  uid: field('number', ['uid'], readNumber, 'the user that made the socket'),
  cgroup: field('text', ['cgroup_id'], undefined, 'the control group: an id, path, systemd unit or container, with what is below it', {
    places: EVERYWHERE,
  }),
  container: field('text', ['cgroup_id'], undefined, "the container's id, or 12 digits and more of its beginning", {
    places: ROLLED,
    kernel: 'write cgroup=…',
  }),
  pod: field('text', ['cgroup_id'], undefined, 'the uid of the Kubernetes pod', { places: ROLLED, kernel: 'write cgroup=…' }),
  unit: field('text', ['cgroup_id'], undefined, 'the systemd unit', { places: ROLLED, kernel: 'write cgroup=…' }),
  netns: field('text', ['netns'], undefined, 'the network namespace: a name as ip netns has it, an inode or a cookie'),
  role: names('role', ROLE, 'which side of the connection the host is', EVERYWHERE),
  state: names('state', STATE, "the socket's state"),
  srtt: field('duration', ['srtt_us'], readDuration, 'the smoothed round-trip time'),
  class: names('class', CLASS, 'why a segment was sent again'),
  outcome: names('outcome', OUTCOME, 'whether the retransmission left TCP'),
  event: names('event', EVENT, 'whether a connection opened, closed or failed'),
  end_reason: names('end_reason', END_REASON, 'why a connection ended'),
  direction: names('direction', DIRECTION, 'whether the packet was sent or received'),
  meaning: names('meaning', MEANING, 'what became of a freed packet'),
  old_state: names('old_state', STATE, 'the state before a change'),
  new_state: names('new_state', STATE, 'the state after a change'),
  ca_state: names('ca_state', CA_STATE, "congestion control's view of the path"),
  old_ca_state: names('old_ca_state', CA_STATE, 'that view before a change'),
  new_ca_state: names('new_ca_state', CA_STATE, 'that view after a change'),
  reason: field('text', ['reset_reason', 'drop_reason'], undefined, "the kernel's name of why it sent a reset or dropped a packet"),
  connection: field('number', ['connection_id'], readNumber, "the connection's id on its host", {
    places: STORED,
    kernel: 'write local_port=… and peer=…',
  }),
  duration: duration('duration_us', 'how long the connection, state or congestion state lasted'),
  handshake: duration('connect_us', 'how long the handshake took'),
  accept_wait: duration('accept_us', 'how long the server took from a ready connection to its first read or write'),
  turn: duration('turn_max_us', 'the longest that one side waited for the answer of the other'),
  stall: duration('stall_max_us', 'the longest that a transfer under way stood still'),
  idle: duration('idle_us', 'since data was last sent or received'),
  bytes_sent: bytes('bytes_sent', 'payload that was sent'),
  bytes_received: bytes('bytes_received', 'payload that was received'),
  unread: bytes('unread', 'received bytes that no process has read'),
  segments: field('number', ['segments'], readNumber, 'how many segments were sent again at once', { places: STORED }),
} as const satisfies Readonly<Record<string, Field>>;

export type FieldName = keyof typeof FIELDS;
export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];

const ORDERED: readonly FieldType[] = ['port', 'number', 'duration', 'bytes'];
/** Whether values can be compared with <, <=, > and >=. */
export const isOrdered = ({ type }: Field): boolean => ORDERED.includes(type);

export const isNamed = (name: FieldName): name is NamedField & FieldName => FIELDS[name].read === undefined;

const LABEL = 'label.';

/** The field of a word, and of `label.NAME` the name; undefined where there is none. */
export function fieldNamed(word: string): { name: FieldName; field: Field; label: string } | undefined {
  const label = word.startsWith(LABEL) ? word.slice(LABEL.length) : '';
  const name = (label === '' ? word : 'label') as FieldName;
  if (!Object.hasOwn(FIELDS, name) || (name === 'label' && label === '')) return undefined;
  return { name, field: FIELDS[name], label };
}
