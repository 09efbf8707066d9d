// Selects, sorts and groups the known hosts for an answer. Pure.
import { hex64 } from '../../agent/contract/hex64.ts';
import { FLEET_STATES, type Fleet, type FleetCounts, type FleetSort, type FleetState } from '../api/fleet.ts';
import type { KnownHost } from './known-hosts.ts';

export type FleetAsked = {
  text?: string | undefined;
  /** undefined: all states except `retired` */
  state?: FleetState | undefined;
  /** as name=value */
  label?: string | undefined;
  version?: string | undefined;
  kernel?: string | undefined;
  /** the name of a label */
  group?: string | undefined;
  sort: FleetSort;
  limit: number;
  offset: number;
};

export type Listing = Pick<Fleet, 'total' | 'counts' | 'groups' | 'labels' | 'versions'> & { page: KnownHost[] };

/** Limits groups, names of labels and versions in an answer: whoever can join hosts can make up any number of labels. */
const NAMED_MOST = 1000;

export function listing(hosts: readonly KnownHost[], asked: FleetAsked): Listing {
  const matching = hosts.filter(matches(asked));
  const shown = matching.filter(({ state }) => (asked.state === undefined ? state !== 'retired' : state === asked.state));
  const order = ORDERS[asked.sort];
  const { group } = asked;
  const groupOf = (host: KnownHost) => (group === undefined ? '' : (host.labels[group] ?? ''));
  shown.sort((a, b) => compare(groupOf(a), groupOf(b)) || order(a, b) || compare(a.name, b.name) || compare(a.host_id, b.host_id));
  return {
    page: shown.slice(asked.offset, asked.offset + asked.limit),
    total: shown.length,
    counts: countsOf(matching),
    groups: group === undefined ? [] : groupsOf(shown, groupOf),
    labels: [...new Set(hosts.flatMap(({ labels }) => Object.keys(labels)))].sort().slice(0, NAMED_MOST),
    versions: versionsOf(shown),
  };
}

function matches({ text = '', label, version, kernel }: FleetAsked): (host: KnownHost) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const [name = '', ...value] = (label ?? '').split('=');
  return (host) =>
    (label === undefined || host.labels[name] === value.join('=')) &&
    (version === undefined || host.agent_version === version) &&
    (kernel === undefined || host.kernel === kernel) &&
    words.every((word) => textOf(host).includes(word));
}

/** The text that a search looks through; it has the id in decimal and in hex, as agents print it. */
function textOf({ name, host_id, labels, kernel, agent_version }: KnownHost): string {
  const hex = hex64(BigInt(host_id));
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return [name, host_id, hex, kernel, agent_version, ...pairs].join(' ').toLowerCase();
}

const compare = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
const lostOf = ({ lost }: KnownHost) => lost.kernel + lost.agent + lost.collector;

const ORDERS = {
  name: () => 0,
  state: (a, b) => FLEET_STATES.indexOf(a.state) - FLEET_STATES.indexOf(b.state),
  version: (a, b) => compare(a.agent_version, b.agent_version),
  kernel: (a, b) => compare(a.kernel, b.kernel),
  rows: (a, b) => b.rows_per_s - a.rows_per_s,
  lost: (a, b) => lostOf(b) - lostOf(a),
  waiting: (a, b) => b.waiting - a.waiting,
  heard: (a, b) => (a.last_seen_ms ?? 0) - (b.last_seen_ms ?? 0),
} as const satisfies Record<FleetSort, (a: KnownHost, b: KnownHost) => number>;

function countsOf(hosts: readonly KnownHost[]): FleetCounts {
  const counts = Object.fromEntries(FLEET_STATES.map((state) => [state, 0])) as FleetCounts;
  for (const { state } of hosts) counts[state]++;
  return counts;
}

/** @param hosts sorted by group */
function groupsOf(hosts: readonly KnownHost[], groupOf: (host: KnownHost) => string): Fleet['groups'] {
  return [...Map.groupBy(hosts, groupOf)].slice(0, NAMED_MOST).map(([value, own]) => ({
    value,
    hosts: own.length,
    rows_per_s: own.reduce((sum, { rows_per_s }) => sum + rows_per_s, 0),
    lost: own.reduce((sum, host) => sum + lostOf(host), 0),
  }));
}

/** The version of most hosts first. */
function versionsOf(hosts: readonly KnownHost[]): Fleet['versions'] {
  const known = hosts.filter(({ last_seen_ms }) => last_seen_ms !== null);
  return [...Map.groupBy(known, ({ agent_version, skew }) => `${skew} ${agent_version}`).values()]
    .flatMap(([first, ...others]) =>
      first === undefined ? [] : [{ agent_version: first.agent_version, skew: first.skew, hosts: 1 + others.length }],
    )
    .sort((a, b) => b.hosts - a.hosts || compare(a.agent_version, b.agent_version))
    .slice(0, NAMED_MOST);
}
