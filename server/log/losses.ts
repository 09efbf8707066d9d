// Counts the acknowledged rows that the collector itself has lost, until the store has the counts. Each count is of one batch in one
// segment. Of two counts of the same the larger is right, so adding or storing one again changes nothing.
import type { Loss } from '../../agent/contract/outcome.ts';
import type { LostRows } from '../storage/engine.ts';
import type { BatchSpan } from './batch-spans.ts';
import { originOf } from './segment-name.ts';

export type CollectorLoss = Extract<Loss, 'quarantined' | 'dead_letter' | 'log_damaged'>;
/** `segment`: the name of the segment that the rows were in; '' where they were in none. */
export type SegmentLoss = LostRows & { segment: string };

const MINUTE_MS = 60_000;
/** How many counts may wait for the store; with so many the log takes no batch that would add one. */
const LOSSES_MAX = 100_000;
/** Stands for the agent's run where damaged bytes do not say which it was. */
export const EPOCH_UNKNOWN = '0000000000000000';

type Known = { entry: SegmentLoss; is_stored: boolean };

export class Losses {
  /** By batch and outcome, then by segment: a batch may lie in several pieces of one segment, and each can lose some of its rows. */
  readonly #batches = new Map<string, Map<string, Known>>();
  #size = 0;

  /** The number of counts. */
  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= LOSSES_MAX;
  }

  /** Of several counts of one batch in one segment the largest stays. */
  add(entry: SegmentLoss): void {
    const key = keyOf(entry);
    const segments = this.#batches.get(key) ?? new Map<string, Known>();
    this.#batches.set(key, segments);
    const known = segments.get(entry.segment);
    if (known !== undefined && known.entry.rows >= entry.rows) return;
    if (known === undefined) this.#size++;
    segments.set(entry.segment, { entry, is_stored: false });
  }

  *entries(): Generator<SegmentLoss> {
    for (const segments of this.#batches.values()) for (const { entry } of segments.values()) yield entry;
  }

  /** The counts that the store does not have yet. */
  unstored(): LostRows[] {
    return [...this.#batches.values()].filter(hasUnstored).map(sumOf);
  }

  /** Notes that the store has these counts. */
  stored(entries: readonly LostRows[]): void {
    for (const entry of entries) {
      const segments = this.#batches.get(keyOf(entry));
      // A count that has grown meanwhile must be stored again.
      if (segments === undefined || sumOf(segments).rows !== entry.rows) continue;
      for (const known of segments.values()) known.is_stored = true;
    }
  }

  /**
   * Forgets the counts that the store has and that can no longer grow.
   * @param origins of the segments that are still in the log: another piece of such a segment may lose more rows of the same batch
   */
  forgetStored(origins: ReadonlySet<string>): void {
    for (const [key, segments] of this.#batches) {
      if (hasUnstored(segments) || [...segments.keys()].some((segment) => origins.has(originOf(segment)))) continue;
      this.#batches.delete(key);
      this.#size -= segments.size;
    }
  }
}

/**
 * The rows that one batch has lost. Pieces of one segment hold different rows of it, so their counts add up. Two segments hold the same
 * rows, since the batch was sent twice, so the larger count stays.
 */
function sumOf(segments: ReadonlyMap<string, Known>): LostRows {
  const sums = new Map<string, LostRows>();
  for (const { entry } of segments.values()) {
    const { segment, ...lost } = entry;
    const sum = sums.get(originOf(segment));
    sums.set(originOf(segment), { ...lost, rows: lost.rows + (sum?.rows ?? 0) });
  }
  return [...sums.values()].reduce((most, each) => (each.rows > most.rows ? each : most));
}

function hasUnstored(segments: ReadonlyMap<string, Known>): boolean {
  return [...segments.values()].some(({ is_stored }) => !is_stored);
}

function keyOf({ host_id, epoch, kind, sequence, outcome, reporter }: LostRows): string {
  return [host_id, epoch, kind, sequence, outcome, reporter].join('/');
}

export function minuteOf(now_ms: number): number {
  return Math.floor(now_ms / MINUTE_MS) * MINUTE_MS;
}

/** Counts all rows of these batches of a segment as lost. Rows whose batch is not known cannot be counted for anybody. */
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
