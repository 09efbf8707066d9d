// The meaning of names in a filter on this host. Looked up when an expression has such a name.
import type { NetnsEntity } from '../contract/agent-report.ts';
import { readCgroup2Mount, readCgroups } from '../host/cgroups.ts';
import { cgroupsNamed, netnsNamed } from './entity-names.ts';
import type { Names } from './names.ts';

export class HostNames implements Names {
  readonly #reasons: Readonly<Record<'reset' | 'drop', ReadonlyMap<string, number>>>;
  readonly #namespaces: () => readonly NetnsEntity[];

  constructor(reasons: Readonly<Record<'reset' | 'drop', ReadonlyMap<string, number>>>, namespaces: () => readonly NetnsEntity[]) {
    this.#reasons = reasons;
    this.#namespaces = namespaces;
  }

  cgroups(name: string): readonly bigint[] {
    const mount = readCgroup2Mount();
    return mount === undefined ? [] : cgroupsNamed(readCgroups(mount), name);
  }

  netns(name: string): readonly bigint[] {
    return netnsNamed(this.#namespaces(), name);
  }

  reason(kind: 'reset' | 'drop', name: string): number | undefined {
    return this.#reasons[kind].get(name);
  }

  reasons(): readonly string[] {
    return [...this.#reasons.reset.keys(), ...this.#reasons.drop.keys()];
  }
}
