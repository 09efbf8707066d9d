// The names that a recording carries, told to the collector in place of what an agent would look up on this host.
import type { CgroupEntity, NetnsEntity, ProcessEntity } from '../contract/agent-report.ts';
import type { Changes } from '../host/entities.ts';
import type { RecordedNames } from './format.ts';

/** Of each sort, what one report may hold. */
const NAMES_MAX = 10_000;
const NOTHING: Changes = { processes: [], cgroups: [], netns: [] };

export class ReplayedNames {
  readonly #processes = new Map<string, RecordedNames['processes'][number]>();
  readonly #cgroups = new Map<string, RecordedNames['cgroups'][number]>();
  readonly #netns = new Map<string, RecordedNames['netns'][number]>();
  #told = false;
  /** From the time of the recording to that of the replay. */
  #shift_ms = 0;

  /** Takes names in before the replay begins. */
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

  /** Rows of a replay show nobody who can be looked up here. */
  look(): void {}

  /** Everything, until it has been acknowledged. */
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

/** The newest of a name wins, and the newest names stay. */
function put<Name>(names: Map<string, Name>, key: string, name: Name): void {
  names.delete(key);
  names.set(key, name);
  const [oldest] = names.keys();
  if (names.size > NAMES_MAX && oldest !== undefined) names.delete(oldest);
}
