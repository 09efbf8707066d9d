// A file beside the embedded engine's directory lists its tables. An engine that has lost files looks like a new one, and a start would
// silently create the missing tables again. A table that was once missing stays listed as lost until a person removes the file.
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { StoreDamage } from '../api/health.ts';
import { type Queryable, StoreError } from './engine.ts';
import { TABLES_MAX } from './retention-classes.ts';

const DAY_MS = 24 * 3600 * 1000;
export const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** `judged_from`: for days before this one the number of rows is not known; '' for none. */
type Known = { tables: string[]; lost: StoreDamage['lost_tables']; judged_from: string };

export class KnownTables {
  readonly #path: string;

  /** @param path of the file; it need not be there */
  constructor(path: string) {
    this.#path = path;
  }

  /** Listed tables that the engine does not have. Changes nothing. */
  async missing(engine: Queryable): Promise<string[]> {
    const present = new Set(await tablesOf(engine));
    return ((await this.#read())?.tables ?? []).filter((table) => !present.has(table));
  }

  async lost(): Promise<StoreDamage['lost_tables']> {
    return (await this.#read())?.lost ?? [];
  }

  /** Called before tables are created: lists missing tables as lost. */
  async compare(engine: Queryable, now_ms: number): Promise<void> {
    const known = await this.#read();
    const missing = (await this.missing(engine)).map((table) => ({ table, noticed_ms: now_ms }));
    if (known && missing.length > 0) {
      const again = new Set(missing.map(({ table }) => table));
      await this.#write({ ...known, lost: [...known.lost.filter(({ table }) => !again.has(table)), ...missing] });
    }
    // An existing database without the file counts as complete as it is.
    const isNew = known === undefined && (await tablesOf(engine)).length === 0;
    if (known === undefined) await this.#write({ tables: [], lost: [], judged_from: isNew ? '' : dayOf(now_ms + DAY_MS) });
  }

  /** Called when all tables have been created. */
  async remember(engine: Queryable): Promise<void> {
    const known = await this.#read();
    const tables = await tablesOf(engine);
    // Written only after a change: the disk may be full.
    if (known && known.tables.join() !== tables.join()) await this.#write({ ...known, tables });
  }

  /** The first day whose stored rows must still be there, if rows are kept for `days` now. */
  async judgedFrom(days: number, now_ms: number): Promise<string> {
    const known = await this.#read();
    // The day that is just expiring is not judged.
    const first = dayOf(now_ms - (days - 2) * DAY_MS);
    if (known === undefined || first <= known.judged_from) return known?.judged_from ?? first;
    // Kept, since rows that were removed under a shorter retention do not come back under a longer one.
    await this.#write({ ...known, judged_from: first });
    return first;
  }

  async #read(): Promise<Known | undefined> {
    const text = await readFile(this.#path, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      const { tables, lost, judged_from } = JSON.parse(text) as Known;
      if ([tables, lost].every(Array.isArray) && typeof judged_from === 'string') return { tables, lost, judged_from };
    } catch {
      // Handled like JSON of another shape.
    }
    throw new StoreError(
      'store_unavailable',
      `${this.#path} does not say any more which tables there were: see what the engine holds (tcplens admin retention), then remove this file, and all that is there counts as whole.`,
    );
  }

  async #write(known: Known): Promise<void> {
    await writeFile(`${this.#path}.new`, `${JSON.stringify(known)}\n`, { flush: true });
    await rename(`${this.#path}.new`, this.#path);
  }
}

async function tablesOf(engine: Queryable): Promise<string[]> {
  const found = await engine.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name LIMIT ${TABLES_MAX}`,
    {},
    TABLES_MAX,
  );
  return found.map(({ name }) => name);
}
