// What the collector itself loses of acknowledged rows, counted batch by batch until the store has the count. Each count is of one batch
// in one segment and the largest counts, so noting and telling it again changes nothing.
import type { Loss } from '../../agent/contract/outcome.ts';
import type { LostRows } from '../storage/engine.ts';
import type { BatchSpan } from './batch-spans.ts';
import { originOf } from './segment-name.ts';

export type CollectorLoss = Extract<Loss, 'quarantined' | 'dead_letter' | 'log_damaged'>;
/** `segment`: the one that has lost the rows; '' for those that came into none. */
export type SegmentLoss = LostRows & { segment: string };

const MINUTE_MS = 60_000;
/** Counts that may wait for the store. */
const LOSSES_MAX = 100_000;
/** The run of an agent that damage has left nobody knowing. */
export const EPOCH_UNKNOWN = '0000000000000000';

type Known = { entry: SegmentLoss; told: boolean };

export class Losses {
  /** By batch and outcome, then by segment: the pieces of one segment may each lose some of a batch. */
  readonly #batches = new Map<string, Map<string, Known>>();
  #size = 0;

  /** Entries that are kept. */
  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= LOSSES_MAX;
  }

  /** The largest count of a batch in a segment counts. */
  add(entry: SegmentLoss): void {
    const key = keyOf(entry);
    const segments = this.#batches.get(key) ?? new Map<string, Known>();
    this.#batches.set(key, segments);
    const known = segments.get(entry.segment);
    if (known !== undefined && known.entry.rows >= entry.rows) return;
    if (known === undefined) this.#size++;
    segments.set(entry.segment, { entry, told: false });
  }

  *entries(): Generator<SegmentLoss> {
    for (const segments of this.#batches.values()) for (const { entry } of segments.values()) yield entry;
  }

  /** What the store does not have yet. */
  untold(): LostRows[] {
    return [...this.#batches.values()].filter(hasUntold).map(sumOf);
  }

  /** The store has them. */
  told(entries: readonly LostRows[]): void {
    for (const entry of entries) {
      const segments = this.#batches.get(keyOf(entry));
      // It has grown meanwhile.
      if (segments === undefined || sumOf(segments).rows !== entry.rows) continue;
      for (const known of segments.values()) known.told = true;
    }
  }

  /**
   * Forgets what was told and cannot grow.
   * @param origins of the segments in the log: another piece of one may lose more of the same batch
   */
  forgetTold(origins: ReadonlySet<string>): void {
    for (const [key, segments] of this.#batches) {
      if (hasUntold(segments) || [...segments.keys()].some((segment) => origins.has(originOf(segment)))) continue;
      this.#batches.delete(key);
      this.#size -= segments.size;
    }
  }
}

/** Pieces of one segment have different rows of a batch. Another segment has the same ones, where the batch was sent again. */
function sumOf(segments: ReadonlyMap<string, Known>): LostRows {
  const sums = new Map<string, LostRows>();
  for (const { entry } of segments.values()) {
    const { segment, ...lost } = entry;
    const sum = sums.get(originOf(segment));
    sums.set(originOf(segment), { ...lost, rows: lost.rows + (sum?.rows ?? 0) });
  }
  return [...sums.values()].reduce((most, each) => (each.rows > most.rows ? each : most));
}

function hasUntold(segments: ReadonlyMap<string, Known>): boolean {
  return [...segments.values()].some(({ told }) => !told);
}

function keyOf({ host_id, epoch, kind, sequence, outcome, reporter }: LostRows): string {
  return [host_id, epoch, kind, sequence, outcome, reporter].join('/');
}

export function minuteOf(now_ms: number): number {
  return Math.floor(now_ms / MINUTE_MS) * MINUTE_MS;
}

/** All rows of these batches of a segment. Rows of batches that nobody knows are in no account. */
export function countLost(
  losses: Losses,
  { kind, segment }: { kind: string; segment: string },
  batches: Iterable<BatchSpan>,
  outcome: CollectorLoss,
  minute_ms: number,
): void {
  const rows = new Map<string, BatchSpan>();
  for (const batch of batches) {
    if (batch.sequence === 0) continue;
    const key = `${batch.host_id}/${batch.epoch}/${batch.sequence}`;
    rows.set(key, { ...batch, rows: batch.rows + (rows.get(key)?.rows ?? 0) });
  }
  for (const batch of rows.values()) losses.add({ ...batch, kind, outcome, segment, minute_ms, reporter: '' });
}
