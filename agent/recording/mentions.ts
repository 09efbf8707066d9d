// Chooses the names for a recording: those of the processes, cgroups and namespaces that its rows mention, each once.
import { HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import type { RecordedNames } from './format.ts';

/** Most ids and names of each sort in memory; with more, a name may be recorded twice. */
const KNOWN_MAX = 65_536;

/** The names of one sort, by the ids in rows. */
class Sort<Id extends number | bigint, Name> {
  readonly #mentioned = new Set<Id>();
  readonly #waiting = new Map<Id, Name>();
  readonly #given = new Map<Id, string>();

  mention(id: Id): void {
    if (this.#mentioned.size >= KNOWN_MAX) this.#mentioned.clear();
    this.#mentioned.add(id);
  }

  learn(id: Id, name: Name): void {
    if (this.#waiting.size >= KNOWN_MAX) this.#waiting.clear();
    if (this.#given.get(id) !== JSON.stringify(name)) this.#waiting.set(id, name);
  }

  take(): Name[] {
    const found = [...this.#waiting].filter(([id]) => this.#mentioned.has(id));
    if (this.#given.size >= KNOWN_MAX) this.#given.clear();
    for (const [id, name] of found) {
      this.#waiting.delete(id);
      this.#given.set(id, JSON.stringify(name));
    }
    return found.map(([, name]) => name);
  }
}

export class Mentions {
  readonly #processes = new Sort<number, RecordedNames['processes'][number]>();
  readonly #cgroups = new Sort<bigint, RecordedNames['cgroups'][number]>();
  readonly #netns = new Sort<bigint, RecordedNames['netns'][number]>();

  see(kind: Kind, rows: Uint8Array): void {
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    for (let at = 0; at < rows.length; at += KINDS[kind].size) {
      this.#processes.mention(view.getUint32(at + HEAD_AT.pid, true));
      this.#cgroups.mention(view.getBigUint64(at + HEAD_AT.cgroup_id, true));
      this.#netns.mention(view.getBigUint64(at + HEAD_AT.netns, true));
    }
  }

  /** Adds new names, and returns those that were mentioned and not returned before. */
  due(news: RecordedNames): RecordedNames {
    for (const process of news.processes) this.#processes.learn(process.pid, process);
    for (const cgroup of news.cgroups) this.#cgroups.learn(BigInt(cgroup.cgroup_id), cgroup);
    for (const netns of news.netns) this.#netns.learn(BigInt(netns.netns), netns);
    return { processes: this.#processes.take(), cgroups: this.#cgroups.take(), netns: this.#netns.take() };
  }
}
