// Stores the hosts, processes, cgroups and namespaces that agents report, and has the SQL for their names.
import type { CheckedReport } from '../ingest/report-check.ts';
import { decimal, insertAccounting, insertable, insertLostBatches, named, told } from './accounting.ts';
import type { Engine } from './engine.ts';
import { type Evicted, NameBudgets } from './name-budgets.ts';

/** The embedded engine never refreshes dictionaries by itself, so the store reloads them after inserts. */
export const DICTIONARIES = ['host_name', 'cgroup_label'] as const;

/** SQL for a host's name, or its id in hex where no report has named it. `host_id`: an expression, but not an alias of that name. */
export const hostName = (host_id: string) =>
  `dictGetOrDefault('host_name', 'name', tuple(${host_id}), lower(leftPad(hex(${host_id}), 16, '0')))`;

/** The short id of the container, else the systemd unit, else ''. */
export const containerName = (host_id: string, cgroup_id: string) =>
  `dictGetOrDefault('cgroup_label', 'label', (${host_id}, ${cgroup_id}), '')`;

type EntityTable = 'host' | 'process' | 'cgroup' | 'netns' | 'report';
type EntityRow = { at: number } & Record<string, unknown>;

/** The rows that a report adds to each table, for JSONEachRow. Times are ms since the epoch, as DateTime64(3) reads a number. */
export function reportRows(report: CheckedReport, now_ms: number): Record<EntityTable, EntityRow[]> {
  const host_id = decimal(report.host_id);
  const epoch = decimal(report.epoch);
  // The row with the latest time wins. If an agent's clock was ahead, its later reports with the right time would lose, so `at` is capped.
  const at = Math.min(report.at_ms, now_ms);
  // A report without a name only has counts of an earlier run, whose host id was another one.
  const running = report.host?.name !== '';
  return {
    host: running && report.host !== undefined ? [{ host_id, epoch, at, ...report.host, hooks: report.hooks }] : [],
    process: report.processes.map(({ started_at_ms, ...process }) => ({ host_id, at, started_at: started_at_ms, ...process })),
    cgroup: report.cgroups.map(({ pod_uid = '', ...cgroup }) => ({ host_id, at, pod_uid, ...cgroup })),
    netns: report.netns.map((netns) => ({ host_id, at, ...netns })),
    report: running ? [{ host_id, epoch, at, interval_ms: report.interval_ms }] : [],
  };
}

/**
 * Remembers which names the dictionaries have: reloading costs more than an insert, and most reports bring no new name.
 */
export class KnownNames {
  static readonly #CHARS_MAX = 8 * 1024 * 1024;
  readonly #known = new Set<string>();
  #chars = 0;

  /** Whether one of the reports has a new name. */
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

  /** Called after names were removed from the tables, as it is not known which. */
  forget(): void {
    this.#known.clear();
    this.#chars = 0;
  }
}

/** State of an engine's names that is kept between reports. */
export type Names = { known: KnownNames; budgets: NameBudgets };
export const namesOf = (engine: Engine): Names => ({ known: new KnownNames(), budgets: new NameBudgets(engine) });

/**
 * Stores reports with one insert for each table. Every table keeps one row for each key, so repetitions change nothing.
 * @returns the names that were removed to make room
 */
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
  // All begin at once, so that an engine that takes one statement at a time takes them one after the other, and no long one comes between.
  const inserts = [...tables].flatMap(([table, rows]) =>
    [...insertable(rows, ({ at }) => at)].map((part) => engine.insertObjects(table, part)),
  );
  await allDone([...inserts, insertAccounting(engine, reports.flatMap(told)), insertLostBatches(engine, reports.flatMap(named))]);
  const evicted = await budgets.keep(tables);
  if (evicted.size > 0) known.forget();
  if (known.learn(reports)) await engine.reloadDictionaries();
  return evicted;
}

/** Waits for all of them. @throws what the first that failed has thrown */
async function allDone(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}
