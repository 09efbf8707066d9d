// What names in a filter mean on this host: looked up in the kernel's tables when an expression has one.
import type { NetnsEntity } from '../agent-report.ts';
import { readCgroup2Mount, readCgroups } from '../host/cgroups.ts';
import type { Names } from './names.ts';

/** A shorter beginning of a container's id could be anything. */
const CONTAINER_CHARS_MIN = 12;

export class HostNames implements Names {
  readonly #reasons: Readonly<Record<'reset' | 'drop', ReadonlyMap<string, number>>>;
  readonly #namespaces: () => readonly NetnsEntity[];

  constructor(reasons: Readonly<Record<'reset' | 'drop', ReadonlyMap<string, number>>>, namespaces: () => readonly NetnsEntity[]) {
    this.#reasons = reasons;
    this.#namespaces = namespaces;
  }

  /** By path, by unit or another part of the path, or by the beginning of a container's id; with the cgroups below. */
  cgroups(name: string): readonly bigint[] {
    const mount = readCgroup2Mount();
    const found = (mount === undefined ? [] : readCgroups(mount)).filter(
      (cgroup) =>
        `${cgroup.path}/`.startsWith(name.endsWith('/') ? name : `${name}/`) ||
        cgroup.unit === name ||
        cgroup.path.split('/').includes(name) ||
        (name.length >= CONTAINER_CHARS_MIN && cgroup.container_id.startsWith(name)),
    );
    return found.map(({ cgroup_id }) => BigInt(cgroup_id));
  }

  netns(name: string): readonly bigint[] {
    return this.#namespaces().flatMap((netns) => (netns.name === name || String(netns.inode) === name ? [BigInt(netns.netns)] : []));
  }

  reason(kind: 'reset' | 'drop', name: string): number | undefined {
    return this.#reasons[kind].get(name);
  }

  reasons(): readonly string[] {
    return [...this.#reasons.reset.keys(), ...this.#reasons.drop.keys()];
  }
}
