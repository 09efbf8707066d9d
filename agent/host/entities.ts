// Names for the numbers in rows: processes, cgroups and network namespaces. They are looked up when rows mention them, and reported to the
// collector once, and again when they change. So rows stay small, and a name that is learned late also applies to earlier rows.
import { HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import type { CgroupEntity, NetnsEntity, ProcessEntity } from '../contract/agent-report.ts';
import { readCgroups } from './cgroups.ts';
import { Processes } from './processes.ts';

/** Reading one process from /proc takes some 50 µs, during which nothing is drained. */
const READS_A_ROUND = 16;
const READS_A_REPORT = 256;
const PIDS_MAX = 4096;
/** After so many reports all names are reported again, for a collector that has lost its tables. */
const REPORTS_BETWEEN_FULL = 30;

/** Most JSON bytes of each sort of names in a report: a control character takes six bytes, and a collector takes 16 MiB in all. */
const SORT_BYTES_MAX = 4 * 1024 * 1024;
const SEPARATOR_BYTES = 1;

export type Changes = { processes: ProcessEntity[]; cgroups: CgroupEntity[]; netns: NetnsEntity[] };

/** Names for the numbers in rows, as reports have them. */
export type EntityNames = {
  /** Notes the owners in drained rows. */
  see(kind: Kind, rows: Uint8Array): void;
  /** Looks up some of the owners that have been noted for the first time. */
  look(): void;
  /** Names that the collector does not have. */
  changes(netns: readonly NetnsEntity[]): Changes;
  /** The collector has accepted what `changes` returned last. */
  acknowledge(): void;
};

/** Entities of one sort: those that are known, and of these the ones that the collector does not have. */
class Known<Entity> {
  readonly #known = new Map<string, { text: string; entity: Entity }>();
  readonly #untold = new Set<string>();
  /** those of them in the report that is being sent */
  #telling = new Set<string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  learn(key: string, entity: Entity): void {
    const text = JSON.stringify(entity);
    if (this.#known.get(key)?.text === text) return;
    this.#known.delete(key);
    this.#known.set(key, { text, entity });
    this.#untold.add(key);
    this.#telling.delete(key);
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#max && oldest !== undefined) {
      this.#known.delete(oldest);
      this.#untold.delete(oldest);
    }
  }

  has(key: string): boolean {
    return this.#known.has(key);
  }

  /** As many as fit into one report; the others wait for the next. */
  untold(): Entity[] {
    this.#telling = new Set();
    const untold: Entity[] = [];
    let bytes = 0;
    for (const key of this.#untold) {
      const { text, entity } = this.#known.get(key) ?? {};
      if (text === undefined || entity === undefined) continue;
      bytes += Buffer.byteLength(text) + SEPARATOR_BYTES;
      if (bytes > SORT_BYTES_MAX) break;
      this.#telling.add(key);
      untold.push(entity);
    }
    return untold;
  }

  told(): void {
    for (const key of this.#telling) this.#untold.delete(key);
    this.#telling.clear();
  }

  tellAgain(): void {
    for (const key of this.#known.keys()) this.#untold.add(key);
  }
}

export class Entities implements EntityNames {
  readonly #processes = new Known<ProcessEntity>(PIDS_MAX);
  readonly #cgroups = new Known<CgroupEntity>(10_000);
  readonly #netns = new Known<NetnsEntity>(PIDS_MAX);
  readonly #cgroup_mount: string | undefined;
  readonly #proc: Processes;
  /** By pid, the lower half of the cgroup's id in the row that was seen last: ids count up from the boot. */
  readonly #last = new Map<number, number>();
  /** Pids seen since the last report; true: read. They are forgotten with each report, since a pid can be reused. */
  readonly #pids = new Map<number, boolean>();
  #unknown_cgroup = true;
  #reports = 0;

  constructor(cgroup_mount: string | undefined) {
    this.#cgroup_mount = cgroup_mount;
    this.#proc = new Processes(cgroup_mount);
  }

  /** Notes the owners in drained rows. */
  see(kind: Kind, rows: Uint8Array): void {
    const { size } = KINDS[kind];
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    for (let at = 0; at < rows.length; at += size) {
      const pid = view.getUint32(at + HEAD_AT.pid, true);
      const cgroup_low = view.getUint32(at + HEAD_AT.cgroup_id, true);
      if (this.#last.get(pid) === cgroup_low) continue;
      if (this.#last.size < PIDS_MAX) this.#last.set(pid, cgroup_low);
      this.#note(pid, view.getBigUint64(at + HEAD_AT.cgroup_id, true));
    }
  }

  /** Reads a few of the new owners from /proc. */
  look(): void {
    this.#readProcesses(READS_A_ROUND);
  }

  /** Names that the collector does not have. Call `acknowledge` when it has accepted them. */
  changes(netns: readonly NetnsEntity[]): Changes {
    this.#last.clear();
    this.#readProcesses(READS_A_REPORT);
    for (const [pid, done] of this.#pids) if (done) this.#pids.delete(pid);
    for (const entity of netns) this.#netns.learn(entity.netns, entity);
    if (this.#unknown_cgroup && this.#cgroup_mount !== undefined) {
      for (const entity of readCgroups(this.#cgroup_mount)) this.#cgroups.learn(entity.cgroup_id, entity);
    }
    this.#unknown_cgroup = false;
    return { processes: this.#processes.untold(), cgroups: this.#cgroups.untold(), netns: this.#netns.untold() };
  }

  acknowledge(): void {
    const all = [this.#processes, this.#cgroups, this.#netns];
    for (const known of all) known.told();
    this.#reports++;
    if (this.#reports % REPORTS_BETWEEN_FULL === 0) for (const known of all) known.tellAgain();
  }

  #note(pid: number, cgroup_id: bigint): void {
    if (pid !== 0 && !this.#pids.has(pid) && this.#pids.size < PIDS_MAX) this.#pids.set(pid, false);
    if (cgroup_id !== 0n && !this.#cgroups.has(String(cgroup_id))) this.#unknown_cgroup = true;
  }

  #readProcesses(max: number): void {
    let left = max;
    for (const [pid, done] of this.#pids) {
      if (left === 0) return;
      if (done) continue;
      left--;
      this.#pids.set(pid, true);
      const entity = this.#proc.read(pid);
      if (entity !== undefined) this.#processes.learn(String(pid), entity);
    }
  }
}
