// rollup_1m: what ranges too long for rows are answered from. One row a minute, host, cgroup, process, role, peer network and
// service port, filled inline by one view a kind.
import { FIGURE_KINDS, FIGURES, type FigureKind, PEER_NETWORK, RTT_BUCKET, RTT_COUNTS, SERVICE_PORT } from './figures.ts';

/** Each key as an expression over a row. */
const KEYS = {
  minute: "toStartOfMinute(time_ns, 'UTC')",
  host_id: 'host_id',
  cgroup_id: 'cgroup_id',
  comm: 'comm',
  role: 'role',
  peer_network: PEER_NETWORK,
  service_port: SERVICE_PORT,
} as const;

/** Only what the kind knows: the rest of the rollup's columns default to 0. */
function expressions(kind: FigureKind): [name: string, expression: string][] {
  const rtt: [string, string] = ['rtt', `sumMapIf(map(${RTT_BUCKET}, toUInt64(1)), ${RTT_COUNTS[kind]})`];
  return [...Object.entries(KEYS), ...Object.entries(FIGURES[kind]), ...(RTT_COUNTS[kind] === '0' ? [] : [rtt])];
}

/** The rollup's columns that a kind's rows fill, in the order of `rollupSelect`. */
export const ROLLUP_COLUMNS = Object.fromEntries(FIGURE_KINDS.map((kind) => [kind, expressions(kind).map(([name]) => name)])) as Record<
  FigureKind,
  string[]
>;

/** What a kind's rows add up to: the text of its view, which a migration makes. @param where over its rows; all of them without */
export function rollupSelect(kind: FigureKind, where?: string): string {
  const columns = expressions(kind).map(([name, expression]) => `${expression} AS ${name}`);
  return `SELECT
  ${columns.join(',\n  ')}
FROM ${kind}${where === undefined ? '' : `\nWHERE ${where}`}
GROUP BY ${Object.keys(KEYS).join(', ')}`;
}
