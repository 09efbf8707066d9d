// What the tables know of hosts: for all hosts what states and sorting need, for a few hosts the rest, and the history of one.
import type { FleetHost, FleetOne } from '../../api/fleet.ts';
import type { Queryable } from '../engine.ts';
import { FIGURES } from '../figures.ts';
import { accountsByHost, lossesByHost } from './accounts.ts';
import { rowsTime } from './window.ts';

type Reader = Queryable;
export type Span = { from: number; to: number; host_id?: string };

/** Times are in ms since the epoch; figures cover the asked span. */
export type HeardHost = Pick<
  FleetHost,
  'host_id' | 'name' | 'kernel' | 'agent_version' | 'interval_ms' | 'seen' | 'sent' | 'waiting' | 'lost'
> & {
  began_ms: number;
  last_ms: number;
};
type HeardRow = Omit<HeardHost, 'lost'> & { kernel_lost: number; agent_lost: number; collector_lost: number };

/** Limit of hosts in one answer; beyond it, those that were heard last. */
export const HEARD_MOST = 30_000;
const RUNS_MOST = 100;
/** How far back the report may be that says how often the agent reports: longer than any interval of agents. */
const INTERVAL_MS_BACK = 900_000;
const INTERVAL_MS = 10_000;

/** All hosts that have ever reported, or the span's host; the last heard first. One more than HEARD_MOST if there are more. */
export async function heardHosts(store: Reader, span: Span, now_ms: number): Promise<HeardHost[]> {
  const losses = await lossesByHost(store, span, now_ms);
  const where = span.host_id === undefined ? '' : 'WHERE host_id = {host_id:UInt64}';
  const rows = await store.query<HeardRow>(
    `SELECT toString(h.host_key) AS host_id, h.name AS name, h.kernel AS kernel, h.agent_version AS agent_version,
  h.last_ms AS last_ms, if(r.began_ms > 0, r.began_ms, h.last_ms) AS began_ms, if(i.every_ms > 0, i.every_ms, ${INTERVAL_MS}) AS interval_ms,
  a.seen AS seen, a.sent AS sent, a.waiting AS waiting, a.kernel AS kernel_lost, a.agent AS agent_lost, a.collector AS collector_lost
FROM (
  SELECT host_id AS host_key, name, kernel, agent_version, toUnixTimestamp64Milli(at) AS last_ms FROM host FINAL ${where}
  ORDER BY last_ms DESC, host_key LIMIT ${HEARD_MOST + 1}
) AS h
LEFT JOIN (SELECT host_id AS host_key, toUnixTimestamp64Milli(min(began_at)) AS began_ms FROM run ${where} GROUP BY host_key) AS r ON r.host_key = h.host_key
LEFT JOIN (
  SELECT host_id AS host_key, argMax(interval_ms, at) AS every_ms FROM report
  WHERE toStartOfHour(at) >= toStartOfHour(fromUnixTimestamp64Milli({back_ms:Int64})) AND at >= fromUnixTimestamp64Milli({back_ms:Int64})
  GROUP BY host_key
) AS i ON i.host_key = h.host_key
LEFT JOIN ${losses} AS a ON a.host_key = h.host_key
ORDER BY last_ms DESC, h.host_key LIMIT ${HEARD_MOST + 1}`,
    { back_ms: now_ms - INTERVAL_MS_BACK, host_id: span.host_id },
    HEARD_MOST + 1,
  );
  return rows.map(({ kernel_lost: kernel, agent_lost: agent, collector_lost: collector, ...host }) => ({
    ...host,
    lost: { kernel, agent, collector },
  }));
}

/** `opened`: connections that were opened in the span. */
export type HostMore = Pick<FleetHost, 'hooks_refused' | 'stored'> & { opened: number };

/** By host id. Unknown hosts are left out. */
export async function hostsMore(store: Queryable, hosts: readonly string[], span: Span, now_ms: number): Promise<Map<string, HostMore>> {
  if (hosts.length === 0) return new Map();
  const ids = { hosts: hosts.map(BigInt) };
  const [hooks, connections, accounts] = await Promise.all([
    store.query<Pick<FleetHost, 'host_id' | 'hooks_refused'>>(
      `SELECT toString(h.host_id) AS host_id,
  CAST(arrayMap(hook -> (hook.name, hook.reason), arrayFilter(hook -> NOT hook.attached, hooks)), 'Array(Tuple(name String, reason String))') AS hooks_refused
FROM host AS h FINAL WHERE h.host_id IN {hosts:Array(UInt64)}`,
      ids,
      hosts.length,
    ),
    store.query<{ host: string; opened: number }>(
      `SELECT toString(c.host_id) AS host, ${FIGURES.connection.opened} AS opened FROM connection AS c FINAL
WHERE ${rowsTime(span.from, span.to)} AND c.host_id IN {hosts:Array(UInt64)} GROUP BY c.host_id`,
      ids,
      hosts.length,
    ),
    accountsByHost(store, span, hosts, now_ms),
  ]);
  const opened = new Map(connections.map(({ host, opened }) => [host, opened]));
  const stored = (id: string) => (accounts.get(id) ?? []).reduce((sum, account) => sum + account.stored, 0);
  return new Map(
    hooks.map(({ host_id, hooks_refused }) => [host_id, { hooks_refused, stored: stored(host_id), opened: opened.get(host_id) ?? 0 }]),
  );
}

/** All hooks of a host, and the last runs of its agent, the newest first. */
export async function hostHistory(store: Reader, host_id: string): Promise<Pick<FleetOne, 'hooks' | 'runs'>> {
  const [[host], runs] = await Promise.all([
    store.query<Pick<FleetOne, 'hooks'>>('SELECT hooks FROM host FINAL WHERE host_id = {host_id:UInt64}', { host_id }, 1),
    store.query<FleetOne['runs'][number]>(
      `SELECT lower(leftPad(hex(r.epoch), 16, '0')) AS epoch, r.agent_version AS agent_version, r.kernel AS kernel,
  toUnixTimestamp64Milli(min(r.began_at)) AS began_ms, toUnixTimestamp64Milli(max(r.at)) AS last_seen_ms
FROM run AS r WHERE r.host_id = {host_id:UInt64} GROUP BY r.epoch, r.agent_version, r.kernel ORDER BY began_ms DESC LIMIT ${RUNS_MOST}`,
      { host_id },
      RUNS_MOST,
    ),
  ]);
  return { hooks: host?.hooks ?? [], runs };
}
