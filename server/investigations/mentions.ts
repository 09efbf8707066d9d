// Collects the processes, cgroups and network namespaces that rows of a recording mention, until their names are looked up.
import type { Row } from '../../agent/exports/row-json.ts';
import { MENTIONED_MAX, type Mentioned } from '../storage/queries/recorded-names.ts';

/** Limit of ids in memory. Beyond it all are forgotten, so that a name may be recorded twice. */
const KNOWN_MAX = 65_536;

type Waiting = { pids: Set<number>; cgroups: Set<bigint>; netns: Set<bigint> };

export class Mentions {
  readonly #known = new Set<string>();
  readonly #waiting = new Map<bigint, Waiting>();

  see({ host_id, pid, cgroup_id, netns }: Row): void {
    this.#note(`p ${host_id} ${pid}`, host_id, ({ pids }) => pids.add(pid));
    this.#note(`c ${host_id} ${cgroup_id}`, host_id, ({ cgroups }) => cgroups.add(cgroup_id));
    this.#note(`n ${host_id} ${netns}`, host_id, (waiting) => waiting.netns.add(netns));
  }

  /** Ids that were mentioned since the last call, in parts of at most MENTIONED_MAX. */
  *due(): Generator<Mentioned> {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [host_id, { pids, cgroups, netns }] of waiting) {
      const most = Math.max(pids.size, cgroups.size, netns.size);
      const [all_pids, all_cgroups, all_netns] = [[...pids], [...cgroups], [...netns]];
      for (let at = 0; at < most; at += MENTIONED_MAX) {
        const part = <Id>(ids: readonly Id[]) => ids.slice(at, at + MENTIONED_MAX);
        yield { host_id, pids: part(all_pids), cgroups: part(all_cgroups), netns: part(all_netns) };
      }
    }
  }

  #note(key: string, host_id: bigint, add: (waiting: Waiting) => void): void {
    if (this.#known.has(key)) return;
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.add(key);
    const waiting = this.#waiting.get(host_id) ?? { pids: new Set(), cgroups: new Set(), netns: new Set() };
    this.#waiting.set(host_id, waiting);
    add(waiting);
  }
}
