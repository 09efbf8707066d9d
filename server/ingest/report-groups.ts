// Stores many reports in one insert: reports that come while an insert runs form the next group. Without groups, a thousand agents would
// cause several hundred inserts a second.
import type { Store } from '../storage/store.ts';
import { isTransient } from '../storage/transient.ts';
import type { CheckedReport } from './report-check.ts';

type Waiting = { report: CheckedReport; settle: PromiseWithResolvers<void> };

const GROUP_MAX = 500;

export class ReportGroups {
  readonly #store: Pick<Store, 'insertReports'>;
  readonly #evicted: (table: string, names: number) => void;
  #waiting: Waiting[] = [];
  #inserting = false;

  /** @param evicted is called with the number of names of a table that were removed to make room for others */
  constructor(store: Pick<Store, 'insertReports'>, evicted: (table: string, names: number) => void) {
    this.#store = store;
    this.#evicted = evicted;
  }

  /** Resolves when the report is stored. The caller bounds how many reports wait. */
  add(report: CheckedReport): Promise<void> {
    const settle = Promise.withResolvers<void>();
    this.#waiting.push({ report, settle });
    if (!this.#inserting) void this.#insertWaiting();
    return settle.promise;
  }

  async #insertWaiting(): Promise<void> {
    this.#inserting = true;
    while (this.#waiting.length > 0) await this.#insert(this.#waiting.splice(0, GROUP_MAX));
    this.#inserting = false;
  }

  /** If the store refuses a group, its reports are stored one by one, so that a single bad one does not hold back the others. */
  async #insert(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#insertReports(group.map(({ report }) => report));
      for (const { settle } of group) settle.resolve();
    } catch (error) {
      if (group.length > 1 && !isTransient(error)) for (const one of group) await this.#insertAlone(one);
      else for (const { settle } of group) settle.reject(error);
    }
  }

  async #insertAlone({ report, settle }: Waiting): Promise<void> {
    await this.#insertReports([report]).then(settle.resolve, settle.reject);
  }

  async #insertReports(reports: readonly CheckedReport[]): Promise<void> {
    for (const [table, names] of await this.#store.insertReports(reports)) this.#evicted(table, names);
  }
}
