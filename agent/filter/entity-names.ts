// The cgroups and network namespaces that a name in a filter stands for, on a host or in a recording.
import type { CgroupEntity, NetnsEntity } from '../contract/agent-report.ts';

/** The least length of a prefix of a container's id: a shorter word is more likely a name. */
const CONTAINER_CHARS_MIN = 12;

export type NamedEntities = { cgroups(): readonly CgroupEntity[]; netns(): readonly NetnsEntity[] };

/** Ids of the cgroups with this path, unit, path segment or prefix of the container's id, and of the cgroups below a path. */
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

/** Cookies of the namespaces with this name or inode. */
export function netnsNamed(namespaces: readonly NetnsEntity[], name: string): bigint[] {
  return namespaces.flatMap((netns) => (netns.name === name || String(netns.inode) === name ? [BigInt(netns.netns)] : []));
}
