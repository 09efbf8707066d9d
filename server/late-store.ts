// A store that may not be open yet: a ClickHouse server may start after the collector, which logs rows meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../agent/process/errors.ts';
import { StoreError } from './storage/engine.ts';
import type { Store } from './storage/store.ts';

const RETRY_MS = { min: 1000, max: 15_000 };

export class LateStore implements Store {
  readonly backend: Store['backend'];
  readonly #open: () => Promise<Store>;
  readonly #stopping = new AbortController();
  #store: Store | undefined;
  #migrating: Promise<void> = Promise.resolve();
  #absent = new StoreError('store_opening', 'the store is being opened');

  /** @param open opens the store; called until it and the migration succeed */
  constructor(backend: Store['backend'], open: () => Promise<Store>) {
    this.backend = backend;
    this.#open = open;
  }

  /**
   * Opens and migrates the store. Throws errors that only a person can cure: changed migrations, an engine that cannot open its directory.
   */
  async migrate(): Promise<void> {
    let store: Store | undefined;
    try {
      store = await this.#open();
      await store.migrate();
      this.#store = store;
    } catch (error) {
      await store?.close();
      this.#absent = new StoreError('store_unavailable', reasonOf(error), { cause: error });
      const hopeless = this.backend === 'embedded' || (error instanceof StoreError && error.code === 'store_migration_changed');
      if (hopeless) throw error;
      throw this.#absent;
    }
  }

  /**
   * Migrates as soon as the store answers. `failed` is called after each failed attempt. Rejects with an error that no attempt can cure.
   */
  async migrateWhenThere(failed: (error: StoreError) => void): Promise<void> {
    for (let wait_ms = RETRY_MS.min; !this.#stopping.signal.aborted; wait_ms = Math.min(RETRY_MS.max, wait_ms * 2)) {
      try {
        this.#migrating = this.migrate();
        return await this.#migrating;
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'store_unavailable' || this.backend === 'embedded') throw error;
        failed(error);
        await sleep(wait_ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  insertSegment: Store['insertSegment'] = async (segment) => this.#there().insertSegment(segment);
  noteLate: Store['noteLate'] = async (segments) => this.#there().noteLate(segments);
  insertReports: Store['insertReports'] = async (reports) => this.#there().insertReports(reports);
  insertLost: Store['insertLost'] = async (entries) => this.#there().insertLost(entries);
  insertAccess: Store['insertAccess'] = async (records) => this.#there().insertAccess(records);
  insertAudit: Store['insertAudit'] = async (entries) => this.#there().insertAudit(entries);
  insertHostStates: Store['insertHostStates'] = async (states) => this.#there().insertHostStates(states);
  removeInvestigation: Store['removeInvestigation'] = async (id) => this.#there().removeInvestigation(id);
  removeHost: Store['removeHost'] = async (host_id) => this.#there().removeHost(host_id);
  get upkeep(): Store['upkeep'] {
    return this.#there().upkeep;
  }

  query: Store['query'] = async (sql, params, rows, asker) => this.#there().query(sql, params, rows, asker);
  progress: Store['progress'] = async (id) => this.#there().progress(id);
  freeze: Store['freeze'] = async (directory, beside) => this.#there().freeze(directory, beside);
  ping: Store['ping'] = async () => this.#there().ping();

  async close(): Promise<void> {
    this.#stopping.abort();
    // An engine that is still being opened must be closed afterwards.
    await this.#migrating.catch(() => undefined);
    await this.#store?.close();
  }

  #there(): Store {
    if (this.#store) return this.#store;
    throw this.#absent;
  }
}
