// What became of rows, by run, minute, kind and outcome, as reports send it to collectors. A figure is cumulative within its minute and sent
// again until a report with it was accepted. A run's minutes never go back, so a clock that is set back makes no figure smaller.
import type { AccountingEntry, LostBatches } from '../contract/agent-report.ts';
import { isAgentLoss, type Outcome } from '../contract/outcome.ts';
import type { RowCount } from '../spool/row-counts.ts';
import { NamedLosses } from './lost-batches.ts';

/** Most entries in one report; the others wait for the next. */
export const TOLD_AT_ONCE_MAX = 5000;
const MINUTE_MS = 60_000;
/** Most entries in memory, enough for some days without a collector; beyond it neighbouring minutes are merged. */
const ENTRIES_MAX = 20_000;

/** `posted`: a report with it was sent, so a collector may have it. `told`: the figure that a collector has accepted. */
type Entry = AccountingEntry & { posted: boolean; told: number };
export type Total = { epoch: string; kind: string; outcome: Outcome; rows: number };
/** The accounting as the books on disk have it. `posted`: runs of which a report was sent. */
export type Kept = { entries: AccountingEntry[]; totals: Total[]; lost: LostBatches[]; posted: string[] };

export class Accounting {
  readonly #entries = new Map<string, Entry>();
  readonly #totals = new Map<string, Total>();
  readonly #minutes = new Map<string, number>();
  readonly #posted = new Set<string>();
  readonly #changed = new Set<Entry>();
  readonly #changed_totals = new Set<Total>();
  #newly_posted: string[] = [];
  readonly #entries_max: number;
  readonly lost = new NamedLosses();

  constructor(entries_max = ENTRIES_MAX) {
    this.#entries_max = entries_max;
  }

  /** All rows of these batches are sent or lost. */
  settle(batches: RowCount, outcome: Outcome, now_ms: number): void {
    const { epoch, kind, rows } = batches;
    this.add(epoch, kind, outcome, rows, now_ms);
    if (rows > 0 && isAgentLoss(outcome)) this.lost.add(batches, outcome, this.#minute(epoch, now_ms));
  }

  add(epoch: string, kind: string, outcome: Outcome, rows: number, now_ms: number): void {
    if (rows <= 0) return;
    const minute_ms = this.#minute(epoch, now_ms);
    this.#minutes.set(epoch, minute_ms);
    const entry = this.#entry({ epoch, minute_ms, kind, outcome, rows: 0 });
    entry.rows += rows;
    this.#changed.add(entry);
    const total = this.#total(epoch, kind, outcome);
    total.rows += rows;
    this.#changed_totals.add(total);
  }

  /** Rows of a run and a kind with an outcome, since the run began. */
  total(epoch: string, kind: string, outcome: Outcome): number {
    return this.#totals.get(`${epoch} ${kind} ${outcome}`)?.rows ?? 0;
  }

  /** Entries whose present figure no collector has accepted, oldest run first. From now on they count as posted. */
  untold(epochs: ReadonlySet<string>): AccountingEntry[] {
    const untold: AccountingEntry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.rows <= entry.told || !epochs.has(entry.epoch)) continue;
      entry.posted = true;
      if (!this.#posted.has(entry.epoch)) this.#newly_posted.push(entry.epoch);
      this.#posted.add(entry.epoch);
      const { epoch, minute_ms, kind, outcome, rows } = entry;
      untold.push({ epoch, minute_ms, kind, outcome, rows });
      if (untold.length === TOLD_AT_ONCE_MAX) break;
    }
    return untold;
  }

  /** A collector has accepted these. Entries of minutes that are over are dropped. */
  accepted(entries: readonly AccountingEntry[]): void {
    for (const { epoch, minute_ms, kind, outcome, rows } of entries) {
      const entry = this.#entries.get(`${epoch} ${minute_ms} ${kind} ${outcome}`);
      if (entry !== undefined) entry.told = Math.max(entry.told, rows);
    }
    for (const [key, { epoch, minute_ms, rows, told }] of this.#entries) {
      if (rows <= told && minute_ms < (this.#minutes.get(epoch) ?? 0)) this.#entries.delete(key);
    }
  }

  /** Runs with entries that no collector has accepted. */
  *untoldEpochs(): Generator<string> {
    for (const { epoch, rows, told } of this.#entries.values()) if (rows > told) yield epoch;
    yield* this.lost.epochs();
  }

  forget(epoch: string): void {
    for (const [key, entry] of this.#entries) if (entry.epoch === epoch) this.#entries.delete(key);
    for (const [key, total] of this.#totals) if (total.epoch === epoch) this.#totals.delete(key);
    this.#minutes.delete(epoch);
    this.lost.forget(epoch);
    this.#posted.delete(epoch);
  }

  /** Whether a report with entries of the run was sent, so that a collector may have them. */
  isPosted(epoch: string): boolean {
    return this.#posted.has(epoch);
  }

  /** Adds a run's figures to those of another. Neither may be posted: the collector would count the rows twice. */
  fold(epoch: string, into: string): void {
    for (const { minute_ms, kind, outcome, rows } of [...this.#entries.values()].filter((entry) => entry.epoch === epoch)) {
      this.#entry({ epoch: into, minute_ms, kind, outcome, rows: 0 }).rows += rows;
    }
    for (const { kind, outcome, rows } of [...this.#totals.values()].filter((total) => total.epoch === epoch)) {
      this.#total(into, kind, outcome).rows += rows;
    }
    this.#minutes.set(into, Math.max(this.#minutes.get(epoch) ?? 0, this.#minutes.get(into) ?? 0));
    this.forget(epoch);
  }

  /** Changes since the last call, for the books. */
  changes(): Kept {
    const totals = [...this.#changed_totals].map((total) => ({ ...total }));
    const changes = { entries: [...this.#changed].map(plain), totals, lost: this.lost.changes(), posted: this.#newly_posted };
    this.#changed.clear();
    this.#changed_totals.clear();
    this.#newly_posted = [];
    return changes;
  }

  all(): Kept {
    const totals = [...this.#totals.values()].map((total) => ({ ...total }));
    return { entries: [...this.#entries.values()].map(plain), totals, lost: this.lost.all(), posted: [...this.#posted] };
  }

  /**
   * Takes over figures from the books, which do not say whether a collector has accepted them.
   * @param posted - runs that have been posted; undefined: nobody knows which, and every run counts as posted
   */
  restore({ entries, totals, lost, posted }: Omit<Kept, 'posted'> & { posted: Iterable<string> | undefined }): void {
    this.lost.restore(lost);
    for (const epoch of posted ?? totals.map((total) => total.epoch)) this.#posted.add(epoch);
    for (const entry of entries) {
      Object.assign(this.#entry(entry), { rows: entry.rows, posted: this.#posted.has(entry.epoch) });
      this.#minutes.set(entry.epoch, Math.max(entry.minute_ms, this.#minutes.get(entry.epoch) ?? 0));
    }
    for (const { epoch, kind, outcome, rows } of totals) this.#total(epoch, kind, outcome).rows = rows;
  }

  /** Returns true where minutes were merged: the books need a new snapshot. */
  coarsen(): boolean {
    if (this.#entries.size <= this.#entries_max) return false;
    const before = this.#entries.size;
    const earlier = new Map<string, Entry>();
    for (const [key, entry] of this.#entries) {
      // A posted entry stays: merged into another minute, the collector would count its rows twice.
      if (entry.posted || entry.minute_ms === this.#minutes.get(entry.epoch)) continue;
      const series = `${entry.epoch} ${entry.kind} ${entry.outcome}`;
      const first = earlier.get(series);
      if (first === undefined) {
        earlier.set(series, entry);
        continue;
      }
      first.rows += entry.rows;
      this.#entries.delete(key);
      this.#changed.delete(entry);
      earlier.delete(series);
    }
    return this.#entries.size < before;
  }

  #minute(epoch: string, now_ms: number): number {
    return Math.max(Math.floor(now_ms / MINUTE_MS) * MINUTE_MS, this.#minutes.get(epoch) ?? 0);
  }

  #entry({ epoch, minute_ms, kind, outcome }: AccountingEntry): Entry {
    const key = `${epoch} ${minute_ms} ${kind} ${outcome}`;
    const entry = this.#entries.get(key) ?? { epoch, minute_ms, kind, outcome, rows: 0, posted: false, told: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #total(epoch: string, kind: string, outcome: Outcome): Total {
    const key = `${epoch} ${kind} ${outcome}`;
    const total = this.#totals.get(key) ?? { epoch, kind, outcome, rows: 0 };
    this.#totals.set(key, total);
    return total;
  }
}

function plain({ epoch, minute_ms, kind, outcome, rows }: Entry): AccountingEntry {
  return { epoch, minute_ms, kind, outcome, rows };
}
