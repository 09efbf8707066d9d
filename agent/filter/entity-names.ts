// Which cgroups and network namespaces a name in a filter stands for, of a host's or of a recording's.
import type { CgroupEntity, NetnsEntity } from '../contract/agent-report.ts';

/** A shorter beginning of a container's id could be anything. */
const CONTAINER_CHARS_MIN = 12;

export type NamedEntities = { cgroups(): readonly CgroupEntity[]; netns(): readonly NetnsEntity[] };

/** By path, by unit or another part of the path, or by the beginning of a container's id; with the cgroups below. */
export function cgroupsNamed(cgroups: readonly CgroupEntity[], name: string): bigint[] {
  const found = cgroups.filter(
    (cgroup) =>
      `${cgroup.path}/`.startsWith(name.endsWith('/') ? name : `${name}/`) ||
      cgroup.unit === name ||
      cgroup.path.split('/').includes(name) ||
      (name.length >= CONTAINER_CHARS_MIN && cgroup.container_id.startsWith(name)),
  );
  return found.map(({ cgroup_id }) => BigInt(cgroup_id));
}

/** By name or inode. */
export function netnsNamed(namespaces: readonly NetnsEntity[], name: string): bigint[] {
  return namespaces.flatMap((netns) => (netns.name === name || String(netns.inode) === name ? [BigInt(netns.netns)] : []));
}
