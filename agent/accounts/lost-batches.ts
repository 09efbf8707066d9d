// Names lost batches to the collector. If its acknowledgement never arrived, the collector has such a batch all the same, and takes its
// rows off the losses. Batches that are not named, since there are too many, stay lost.
import type { LostBatches } from '../contract/agent-report.ts';
import { type AgentLoss, LOST_BATCHES_MAX, SEQUENCES_MAX } from '../contract/outcome.ts';
import type { Range } from '../spool/ranges.ts';
import type { RowCount } from '../spool/row-counts.ts';

/** Most entries that wait for a collector. */
const ENTRIES_MAX = 10_000;

/** An entry never changes and no batch is in two, so the first batch names it. */
export const lostKey = ({ epoch, kind, outcome, sequences: [first] }: LostBatches): string => `${epoch} ${kind} ${outcome} ${first?.[0]}`;

export class NamedLosses {
  readonly #entries = new Map<string, LostBatches>();
  readonly #changed = new Set<LostBatches>();

  add({ epoch, kind, rows, sequences }: RowCount, outcome: AgentLoss, minute_ms: number): void {
    // None is named where there are too many ranges: how many rows a part of them has is not known.
    if (sequences.length > SEQUENCES_MAX || this.#entries.size >= ENTRIES_MAX) return;
    const entry = {
      epoch,
      kind,
      outcome,
      rows,
      minute_ms,
      sequences: sequences.map(([from, to]: Range): [number, number] => [from, to - 1]),
    };
    this.#entries.set(lostKey(entry), entry);
    this.#changed.add(entry);
  }

  /** Entries that no collector has accepted, oldest first. */
  untold(epochs: ReadonlySet<string>): LostBatches[] {
    return [...this.#entries.values()].filter(({ epoch }) => epochs.has(epoch)).slice(0, LOST_BATCHES_MAX);
  }

  *epochs(): Generator<string> {
    for (const { epoch } of this.#entries.values()) yield epoch;
  }

  accepted(entries: readonly LostBatches[]): void {
    for (const entry of entries) this.#entries.delete(lostKey(entry));
  }

  /** Takes over entries from the books. */
  restore(entries: readonly LostBatches[]): void {
    for (const entry of entries) this.#entries.set(lostKey(entry), entry);
  }

  all(): LostBatches[] {
    return [...this.#entries.values()];
  }

  /** Entries that are new since the last call, for the books. */
  changes(): LostBatches[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  forget(epoch: string): void {
    for (const [key, entry] of this.#entries) if (entry.epoch === epoch) this.#entries.delete(key);
    for (const entry of this.#changed) if (entry.epoch === epoch) this.#changed.delete(entry);
  }
}
