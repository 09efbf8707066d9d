// Hosts, processes, cgroups and namespaces that agents report: a report's rows, and names in SQL.
import type { CheckedReport } from '../ingest/report-check.ts';
import { decimal, insertAccounting, insertable, told } from './accounting.ts';
import type { Engine } from './engine.ts';
import { type Evicted, NameBudgets } from './name-budgets.ts';

/** Refreshed by hand in the embedded engine, which never does so by itself. */
export const DICTIONARIES = ['host_name', 'cgroup_label'] as const;

/** A host's name in SQL; its id in hex where no report has named it yet. `host_id`: an expression, no alias of the same name. */
export const hostName = (host_id: string) =>
  `dictGetOrDefault('host_name', 'name', tuple(${host_id}), lower(leftPad(hex(${host_id}), 16, '0')))`;

/** Container (short id), else systemd unit, else ''. */
export const containerName = (host_id: string, cgroup_id: string) =>
  `dictGetOrDefault('cgroup_label', 'label', (${host_id}, ${cgroup_id}), '')`;

type EntityTable = 'host' | 'process' | 'cgroup' | 'netns' | 'report';
type EntityRow = { at: number } & Record<string, unknown>;

/** What a report adds to each table, as JSONEachRow wants it. Times are decimal ms: DateTime64(3) as a number of ms. */
export function reportRows(report: CheckedReport, now_ms: number): Record<EntityTable, EntityRow[]> {
  const host_id = decimal(report.host_id);
  const epoch = decimal(report.epoch);
  // An agent whose clock is ahead must not outlive its own later reports.
  const at = Math.min(report.at_ms, now_ms);
  // Without a name it only tells what became of the rows of a run under another host id.
  const running = report.host?.name !== '';
  return {
    host: running && report.host !== undefined ? [{ host_id, epoch, at, ...report.host, hooks: report.hooks }] : [],
    process: report.processes.map(({ started_at_ms, ...process }) => ({ host_id, at, started_at: started_at_ms, ...process })),
    cgroup: report.cgroups.map(({ pod_uid = '', ...cgroup }) => ({ host_id, at, pod_uid, ...cgroup })),
    netns: report.netns.map((netns) => ({ host_id, at, ...netns })),
    report: running ? [{ host_id, epoch, at, interval_ms: report.interval_ms }] : [],
  };
}

/** Names that the dictionaries have: most reports bring none, and reloading costs more than storing them. */
export class KnownNames {
  static readonly #CHARS_MAX = 8 * 1024 * 1024;
  readonly #known = new Set<string>();
  #chars = 0;

  /** Whether a report has a name that none before it had. */
  learn(reports: readonly CheckedReport[]): boolean {
    const names = reports.flatMap(({ host_id, host, cgroups }) => [
      ...(host === undefined ? [] : [`${host_id} ${host.name}`]),
      ...cgroups.map(({ cgroup_id, container_id, unit }) => `${host_id} ${cgroup_id} ${container_id} ${unit}`),
    ]);
    const fresh = names.filter((name) => !this.#known.has(name));
    for (const name of fresh) {
      if (this.#chars + name.length > KnownNames.#CHARS_MAX) this.forget();
      this.#known.add(name);
      this.#chars += name.length;
    }
    return fresh.length > 0;
  }

  /** Names have gone from the tables, and nobody says which. */
  forget(): void {
    this.#known.clear();
    this.#chars = 0;
  }
}

/** What is remembered of one engine's names from report to report. */
export type Names = { known: KnownNames; budgets: NameBudgets };
export const namesOf = (engine: Engine): Names => ({ known: new KnownNames(), budgets: new NameBudgets(engine) });

/** Stores reports, one insert a table. Repeating them changes nothing: every table keeps one row a key. @returns names that had to go */
export async function insertReports(
  engine: Engine,
  reports: readonly CheckedReport[],
  { known, budgets } = namesOf(engine),
): Promise<Evicted> {
  const now_ms = Date.now();
  const tables = new Map<string, EntityRow[]>();
  for (const report of reports) {
    for (const [table, objects] of Object.entries(reportRows(report, now_ms))) {
      const all = tables.get(table) ?? [];
      all.push(...objects);
      tables.set(table, all);
    }
  }
  for (const [table, rows] of tables) for (const part of insertable(rows, ({ at }) => at)) await engine.insertObjects(table, part);
  await insertAccounting(engine, reports.flatMap(told));
  const evicted = await budgets.keep(tables);
  if (evicted.size > 0) known.forget();
  if (known.learn(reports)) await engine.reloadDictionaries();
  return evicted;
}
