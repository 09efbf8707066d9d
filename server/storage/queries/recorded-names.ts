// The names of ids in rows of one host, for a recording.
import type { CgroupEntity, NetnsEntity, ProcessEntity } from '../../../agent/contract/agent-report.ts';
import type { Queryable } from '../engine.ts';

/** Ids that rows of a host mention, at most MENTIONED_MAX of each sort. */
export type Mentioned = { host_id: bigint; pids: readonly number[]; cgroups: readonly bigint[]; netns: readonly bigint[] };
export const MENTIONED_MAX = 250;

export type HostNames = { processes: ProcessEntity[]; cgroups: CgroupEntity[]; netns: NetnsEntity[] };

/** The newest process that had each pid. */
const PROCESSES = `SELECT pid, toUnixTimestamp64Milli(started_at) AS started_at_ms, name, command, toString(cgroup_id) AS cgroup_id
FROM process FINAL WHERE host_id = {host_id:UInt64} AND pid IN {ids:Array(UInt64)} AND pid != 0
  AND started_at <= fromUnixTimestamp64Milli({to_ms:Int64}, 'UTC')
ORDER BY started_at DESC LIMIT 1 BY pid LIMIT ${MENTIONED_MAX}`;

const CGROUPS = `SELECT toString(cgroup_id) AS cgroup_id, path, container_id, pod_uid, unit
FROM cgroup FINAL WHERE host_id = {host_id:UInt64} AND cgroup_id IN {ids:Array(UInt64)} LIMIT ${MENTIONED_MAX}`;

const NETNS = `SELECT toString(netns) AS netns, inode, name
FROM netns FINAL WHERE host_id = {host_id:UInt64} AND netns IN {ids:Array(UInt64)} LIMIT ${MENTIONED_MAX}`;

/** @param to_ms processes that started later are left out */
export async function recordedNames(store: Queryable, { host_id, pids, cgroups, netns }: Mentioned, to_ms: number): Promise<HostNames> {
  const ask = <Name extends object>(sql: string, ids: readonly (number | bigint)[]): Promise<Name[]> =>
    ids.length === 0
      ? Promise.resolve([])
      : store.query<Name>(sql, { host_id: String(host_id), ids: [...ids], to_ms: Math.ceil(to_ms) }, MENTIONED_MAX);
  return {
    processes: await ask<ProcessEntity>(PROCESSES, pids),
    cgroups: await ask<CgroupEntity>(CGROUPS, cgroups),
    netns: await ask<NetnsEntity>(NETNS, netns),
  };
}
