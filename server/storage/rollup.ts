// Sums rows by minute: to build rollup_1m, and to answer questions about minutes that are not built yet. Each minute has an entry for each
// host, cgroup, process, role, peer network and service port.
import type { Filling } from './engine.ts';
import {
  FIGURE_NAMES,
  type Figure,
  type FigureKind,
  figuresOf,
  folded,
  kindsOf,
  PEER_NETWORK,
  RTT_BUCKET,
  RTT_COUNTS,
  SERVICE_PORT,
} from './figures.ts';

/** The keys as expressions over a row. */
const KEYS = {
  host_id: 'host_id',
  cgroup_id: 'cgroup_id',
  comm: 'comm',
  role: 'role',
  peer_network: PEER_NETWORK,
  service_port: SERVICE_PORT,
} as const;

export type RollupKey = keyof typeof KEYS;
export const ROLLUP_KEYS = Object.keys(KEYS) as RollupKey[];

export const MINUTE = "toStartOfMinute(time_ns, 'UTC')";

/** An empty histogram, for kinds whose RTTs do not count. */
const rttOf = (kind: FigureKind): string =>
  RTT_COUNTS[kind] === '0' ? "CAST(map(), 'Map(Int16, UInt64)')" : `sumMapIf(map(${RTT_BUCKET}, toUInt64(1)), ${RTT_COUNTS[kind]})`;

/**
 * A SELECT of `minute`, the keys, the figures and `rtt`. Rows of each kind are grouped separately, so the results of several kinds still
 * have to be added up.
 * @param where over rows of each kind
 */
export function rowsRolledUp(keys: readonly RollupKey[], figures: readonly Figure[], where: (kind: FigureKind) => string): string {
  const names = ['minute', ...keys].join(', ');
  const selects = kindsOf(figures).map((kind) => {
    const columns = [
      `${MINUTE} AS minute`,
      ...keys.map((key) => `${KEYS[key]} AS ${key}`),
      ...figuresOf(kind, figures),
      `${rttOf(kind)} AS rtt`,
    ];
    return `SELECT ${columns.join(', ')} FROM ${kind} FINAL WHERE ${where(kind)} GROUP BY ${names}`;
  });
  return selects.join('\nUNION ALL ');
}

/**
 * Builds whole minutes. `version` must be larger than that of the entries to be replaced.
 * @param where over rows
 */
export function buildMinutes(version: bigint, where: string): Filling {
  const names = ['minute', ...ROLLUP_KEYS].join(', ');
  return {
    into: `rollup_1m (version, ${names}, ${FIGURE_NAMES.join(', ')}, rtt)`,
    select: `SELECT toUInt64(${version}), ${names}, ${FIGURE_NAMES.map((name) => folded(name, `s.${name}`)).join(', ')}, sumMap(s.rtt)
FROM (${rowsRolledUp(ROLLUP_KEYS, FIGURE_NAMES, () => where)}) AS s
GROUP BY ${names}`,
  };
}
