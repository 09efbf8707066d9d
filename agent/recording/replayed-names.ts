// The names in a recording, which are reported in place of those that an agent would look up on this host.
import type { CgroupEntity, NetnsEntity, ProcessEntity } from '../contract/agent-report.ts';
import type { Changes } from '../host/entities.ts';
import type { RecordedNames } from './format.ts';

/** Most names of each sort: as many as one report may have. */
const NAMES_MAX = 10_000;
const NOTHING: Changes = { processes: [], cgroups: [], netns: [] };

export class ReplayedNames {
  readonly #processes = new Map<string, RecordedNames['processes'][number]>();
  readonly #cgroups = new Map<string, RecordedNames['cgroups'][number]>();
  readonly #netns = new Map<string, RecordedNames['netns'][number]>();
  #told = false;
  /** the replay's time less the recording's */
  #shift_ms = 0;

  /** Adds names, before the replay begins. */
  add({ processes, cgroups, netns }: RecordedNames): void {
    for (const process of processes) put(this.#processes, `${process.pid} ${process.started_at_ms}`, process);
    for (const cgroup of cgroups) put(this.#cgroups, cgroup.cgroup_id, cgroup);
    for (const namespace of netns) put(this.#netns, namespace.netns, namespace);
  }

  moveBy(shift_ms: number): void {
    this.#shift_ms = shift_ms;
  }

  cgroups(): readonly CgroupEntity[] {
    return [...this.#cgroups.values()];
  }

  netns(): readonly NetnsEntity[] {
    return [...this.#netns.values()];
  }

  /** Do nothing: processes in a replay are not on this host. */
  see(): void {}
  look(): void {}

  /** All names, until they have been acknowledged. */
  changes(): Changes {
    if (this.#told) return NOTHING;
    const processes = [...this.#processes.values()].map((process) => ({ ...process, started_at_ms: this.#startOf(process) }));
    return { processes, cgroups: [...this.#cgroups.values()], netns: [...this.#netns.values()] };
  }

  acknowledge(): void {
    this.#told = true;
  }

  #startOf({ started_at_ms }: ProcessEntity): number {
    return Math.max(0, started_at_ms + this.#shift_ms);
  }
}

/** Replaces an older name of the same key. Beyond the limit the oldest name goes. */
function put<Name>(names: Map<string, Name>, key: string, name: Name): void {
  names.delete(key);
  names.set(key, name);
  const [oldest] = names.keys();
  if (names.size > NAMES_MAX && oldest !== undefined) names.delete(oldest);
}
