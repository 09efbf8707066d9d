// Limits the names (cgroups, processes, namespaces) in the tables, for each host and for all hosts together. The names that were reported
// longest ago are removed first. If all hosts together have too many, the hosts with the most names lose theirs: a host that reports names
// without end takes no room from the others.
import type { Engine } from './engine.ts';

/**
 * `key`: the columns that identify a name of a host, as numbers. `host`: limit of a host, which is twice what an agent knows at once, or
 * days of short-lived processes.
 */
const BUDGETS = {
  cgroup: { key: ['cgroup_id'], host: 20_000, all: 400_000 },
  process: { key: ['pid', 'toUnixTimestamp64Milli(started_at)'], host: 100_000, all: 2_000_000 },
  netns: { key: ['netns'], host: 20_000, all: 400_000 },
} as const;
type NamesTable = keyof typeof BUDGETS;
const TABLE = Object.keys(BUDGETS) as NamesTable[];

/** The names of a table are counted after so many new rows. */
const LOOK_AFTER_ROWS = 20_000;
/** Limit of hosts whose names are removed in one pass. */
const HOSTS_MAX = 1000;

/** How many names were removed, by table. */
export type Evicted = ReadonlyMap<string, number>;

type HostCount = { host_id: string; names: number };
type BudgetEngine = Pick<Engine, 'query' | 'define'>;

export class NameBudgets {
  readonly #engine: BudgetEngine;
  /**
   * New rows since the last count. It begins at the limit, so the first insert counts: an earlier process may have left too many names.
   */
  readonly #rows = new Map<NamesTable, number>(TABLE.map((table) => [table, LOOK_AFTER_ROWS]));

  constructor(engine: BudgetEngine) {
    this.#engine = engine;
  }

  /** Removes names beyond the limits, if enough new rows have come. @param inserted the rows that each table has just got */
  async keep(inserted: ReadonlyMap<string, readonly unknown[]>): Promise<Evicted> {
    const evicted = new Map<string, number>();
    for (const table of TABLE) {
      const more = inserted.get(table)?.length ?? 0;
      const rows = (this.#rows.get(table) ?? 0) + more;
      const due = more > 0 && rows >= LOOK_AFTER_ROWS;
      this.#rows.set(table, due ? 0 : rows);
      const names = due ? await keepTable(this.#engine, table) : 0;
      if (names > 0) evicted.set(table, names);
    }
    return evicted;
  }
}

async function keepTable(engine: BudgetEngine, table: NamesTable): Promise<number> {
  const { host, all } = BUDGETS[table];
  // First without FINAL, which is much cheaper: mostly no host is over its limit even if replaced rows count too.
  const [most] = await engine.query<{ host: number; all: number }>(
    `SELECT max(names) AS host, sum(names) AS all FROM (SELECT count() AS names FROM ${table} GROUP BY host_id)`,
    {},
    1,
  );
  if (most === undefined || (most.host <= host && most.all <= all)) return 0;
  const counts = await engine.query<HostCount>(
    `SELECT toString(n.host_id) AS host_id, count() AS names FROM ${table} AS n FINAL GROUP BY n.host_id ORDER BY names DESC LIMIT ${HOSTS_MAX}`,
    {},
    HOSTS_MAX,
  );
  const [total] = await engine.query<{ names: number }>(`SELECT count() AS names FROM ${table} FINAL`, {}, 1);
  const cap = Math.min(host, fairCap(counts, total?.names ?? 0, all));
  let evicted = 0;
  for (const { host_id, names } of counts) if (names > cap && (await evict(engine, table, host_id, cap))) evicted += names - cap;
  return evicted;
}

/** The limit of names for a host at which all hosts together fit. @param counts hosts with the most names, largest first */
export function fairCap(counts: readonly HostCount[], total: number, all: number): number {
  let over = total - all;
  let cap = counts[0]?.names ?? 0;
  for (let hosts = 1; over > 0 && hosts <= counts.length; hosts++) {
    const next = counts[hosts]?.names ?? 0;
    const step = Math.min(cap - next, Math.ceil(over / hosts));
    cap -= step;
    over -= step * hosts;
  }
  return cap;
}

/** Removes all but the newest `cap` names of a host. @returns false if it has no more than that */
async function evict(engine: BudgetEngine, table: NamesTable, host_id: string, cap: number): Promise<boolean> {
  const order = ['toUnixTimestamp64Milli(at)', ...BUDGETS[table].key];
  const [first] = await engine.query<{ place: string[] }>(
    `SELECT arrayMap(value -> toString(value), [${order.map((value) => `toInt128(${value})`).join(', ')}]) AS place FROM ${table} FINAL
WHERE host_id = {host_id:UInt64} ORDER BY ${order.map((value) => `${value} DESC`).join(', ')} LIMIT 1 OFFSET {cap:UInt64}`,
    { host_id, cap },
    1,
  );
  if (first === undefined) return false;
  // An ALTER takes no parameters. BigInt ensures that only numbers get into its text.
  const place = first.place.map((value) => `toInt128('${BigInt(value)}')`).join(', ');
  const values = order.map((value) => `toInt128(${value})`).join(', ');
  await engine.define(
    `ALTER TABLE ${table} DELETE WHERE host_id = ${BigInt(host_id)} AND (${values}) <= (${place}) SETTINGS mutations_sync = 1`,
  );
  return true;
}
