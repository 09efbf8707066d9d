// The dimensions for grouping, each defined once: its expressions over rows and over the rollups, the kinds that have it, and the field of
// the language of filters that selects one of its values.
import { factLayout } from '../../../agent/contract/language/facts.ts';
import type { FieldName } from '../../../agent/contract/language/fields.ts';
import { KIND, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { containerName, hostName } from '../entities.ts';
import { networkOf, PEER_NETWORK, SERVICE_PORT } from '../figures.ts';
import type { Namer } from '../language/names.ts';
import { Params } from '../language/params.ts';
import { plainAddress, plainNetwork } from '../queries/address.ts';
import type { RollupKey } from '../rollup.ts';
import { peerHost, type WatchedHosts } from './watched-hosts.ts';

export type Dimension = {
  /** one plain sentence */
  words: string;
  /** the field of the language of filters that selects a value */
  field: FieldName;
  kinds: ReadonlySet<Kind>;
  rows: string;
  /** expression over the keys of the rollups; undefined: only rows have the dimension */
  rollup: { value: string; keys: readonly RollupKey[] } | undefined;
  /** The text for a grouped value, and `id` its id; by default the text is the value itself, and there is no id. */
  shown?: (value: string) => string;
  id?: (value: string) => string;
  /**
   * It says what happened to a connection or segment, not whose it was. A ratio counts just that, so it cannot explain a ratio's change.
   */
  isWhat?: true;
  /** turns the engine's text of a value into the text that people write */
  plain?: (text: string) => string;
};

const EVERY: ReadonlySet<Kind> = new Set(KIND);
const { kinds: OWNED } = factLayout('comm');
const { kinds: PEERED } = factLayout('peer_addr');
const rolledUp = (key: RollupKey): Dimension['rollup'] => ({ value: key, keys: [key] });
const stored = (words: string, field: FieldName, kinds: ReadonlySet<Kind>, rows: string): Dimension => ({
  words,
  field,
  kinds,
  rows,
  rollup: undefined,
});
const what = (...of: Parameters<typeof stored>) => ({ ...stored(...of), isWhat: true }) as const;
const CONTAINER = containerName('host_id', 'cgroup_id');

export const DIMENSIONS = {
  host: {
    words: 'the host',
    field: 'host',
    kinds: EVERY,
    rows: 'host_id',
    rollup: rolledUp('host_id'),
    shown: (value) => hostName(value),
  },
  process: { words: 'the process that owns the socket', field: 'process', kinds: OWNED, rows: 'comm', rollup: rolledUp('comm') },
  container: {
    words: 'the container, else the systemd unit',
    field: 'cgroup',
    kinds: OWNED,
    rows: CONTAINER,
    rollup: { value: CONTAINER, keys: ['host_id', 'cgroup_id'] },
  },
  role: { words: 'which side of the connection the host is', field: 'role', kinds: OWNED, rows: 'role', rollup: rolledUp('role') },
  network: {
    words: "the peer's network: /24 of IPv4, /64 of IPv6",
    field: 'peer',
    kinds: PEERED,
    rows: PEER_NETWORK,
    rollup: rolledUp('peer_network'),
    plain: plainNetwork,
  },
  service_port: {
    words: "the port that the server's side listens on",
    field: 'service_port',
    kinds: OWNED,
    rows: SERVICE_PORT,
    rollup: rolledUp('service_port'),
  },
  peer: { ...stored("the peer's address", 'peer', PEERED, 'peer_addr'), plain: plainAddress },
  peer_host: stored(
    "the watched host that the peer's address belongs to; else the peer's network",
    'peer',
    PEERED,
    peerHost([], new Params()).rows,
  ),
  local: { ...stored("the host's own address", 'local', OWNED, 'local_addr'), plain: plainAddress },
  local_network: {
    ...stored("the host's own network: /24 of IPv4, /64 of IPv6", 'local', OWNED, networkOf('local_addr')),
    plain: plainNetwork,
  },
  pid: stored('the process id', 'pid', OWNED, 'pid'),
  state: what("the socket's state", 'state', OWNED, 'state'),
  class: what('why segments were sent again', 'class', factLayout('class').kinds, 'class'),
  outcome: what('whether what was sent again left TCP', 'outcome', factLayout('outcome').kinds, 'outcome'),
  event: what('whether connections opened, closed or failed', 'event', factLayout('event').kinds, 'event'),
  end_reason: what('why connections ended', 'end_reason', factLayout('end_reason').kinds, 'end_reason'),
  direction: what('whether packets were sent or received', 'direction', factLayout('direction').kinds, 'direction'),
  reason: what("the kernel's reason of resets and drops", 'reason', factLayout('direction').kinds, 'reason'),
} as const satisfies Record<string, Dimension>;

export type DimensionName = keyof typeof DIMENSIONS;
export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as DimensionName[];

const LABEL = 'label.';
export const PEER_HOST = 'peer_host' satisfies DimensionName;

/** The labels of hosts and the hosts' own addresses in the time of the question: some dimensions make their values of these. */
export type Known = Pick<Namer, 'labels'> & { watched?: WatchedHosts | undefined };

/** The dimension of this name; `label.NAME` is the label NAME of hosts. Undefined where there is no such dimension. */
export function dimensionOf(name: string, { labels, watched = [] }: Known, params: Params): Dimension | undefined {
  if (name === PEER_HOST) return { ...DIMENSIONS[name], ...peerHost(watched, params) };
  if (Object.hasOwn(DIMENSIONS, name)) return DIMENSIONS[name as DimensionName];
  if (!name.startsWith(LABEL) || name === LABEL) return undefined;
  const label = name.slice(LABEL.length);
  const having = [...labels()].flatMap(([host_id, of]) => (of[label] === undefined ? [] : [[host_id, of[label]] as const]));
  const hosts = params.bind(
    'Array(UInt64)',
    having.map(([host_id]) => BigInt(host_id)),
  );
  const values = params.bind(
    'Array(String)',
    having.map(([, value]) => value),
  );
  const value = having.length === 0 ? "''" : `transform(host_id, ${hosts}, ${values}, '')`;
  return {
    words: `the label ${label} that the host joined with`,
    field: 'label',
    kinds: EVERY,
    rows: value,
    rollup: { value, keys: ['host_id'] },
  };
}

/** Whether the dimension depends on the host only, so that a host's entry for all others has it too. */
export const isOfHosts = ({ rollup }: Dimension): boolean => rollup?.keys.every((key) => key === 'host_id') ?? false;
