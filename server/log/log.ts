// The collector's log: a batch is acknowledged when its rows lie in a segment and its name in the journal, both flushed.
//
//   append ─▶ group ─▶ segments: write, flush ─▶ journal: write, flush ─▶ acknowledge
//                          │ seal (every ~500 ms, or full)
//                          ▼
//                    sealed segments ─▶ writer inserts ─▶ retire: journal says so, file goes
//
// Rows are flushed before the journal names them, so the journal never tells of rows that are not there, and what it
// does not tell of was never acknowledged. All file work is done in one line, one step after the other.
import { join, resolve } from 'node:path';
import type { Kind } from '../../bpf/rows.gen.ts';
import { Refusal, reasonOf } from '../errors.ts';
import { type BatchId, Cursors } from './cursors.ts';
import { Journal } from './journal.ts';
import type { JournalRecord } from './journal-line.ts';
import { JOURNAL, type Recovered, recover } from './recover.ts';
import { type SealedSegment, Segments } from './segments.ts';

export type LogOptions = {
  directory: string;
  /** Bytes at which a segment is sealed whatever its age. */
  segment_bytes_max: number;
  /** Bytes of rows that may wait for the store before batches are refused. */
  log_bytes_max: number;
  /** Bytes of journal lines after which a snapshot replaces them. */
  journal_bytes_max: number;
};

export type Batch = BatchId & { kind: Kind; rows: Buffer };
export type Acknowledgement = { duplicate: boolean };
type Waiting = { batch: Batch; settle: PromiseWithResolvers<Acknowledgement> };

/** Batches that share a flush at most: 64 MiB of rows at their largest. */
const GROUP_MAX = 64;

export class Log {
  readonly #options: LogOptions;
  readonly #journal: Journal;
  readonly #segments: Segments;
  #cursors = new Cursors();
  #waiting: Waiting[] = [];
  readonly #appending = new Map<string, Promise<Acknowledgement>>();
  /** The end of the line of file work. */
  #last: Promise<unknown> = Promise.resolve();
  #failure = '';
  #stopped = false;

  constructor(options: LogOptions) {
    const directory = resolve(options.directory);
    this.#options = { ...options, directory };
    this.#journal = new Journal(join(directory, JOURNAL), options.journal_bytes_max);
    this.#segments = new Segments(directory);
  }

  /** Recovers what an earlier process left; all of it is sealed and waits for the store. */
  async start(): Promise<Recovered> {
    const recovered = await recover(this.#options.directory);
    this.#cursors = recovered.cursors;
    for (const state of recovered.segments) this.#segments.addSealed(state);
    await this.#journal.replace(this.#snapshot());
    return recovered;
  }

  /** Bytes of rows that the store does not have yet. */
  get bytes(): number {
    return this.#segments.bytes;
  }

  /** Why the log cannot be written; empty if it can. */
  get failure(): string {
    return this.#failure;
  }

  get sealed(): SealedSegment[] {
    return this.#segments.sealed;
  }

  /**
   * Resolves when the batch is durable, now or from an earlier attempt.
   * @throws Refusal `sequence_too_old`, `log_full`, `log_disk_full`, `log_failed`, `stopping`: it is not stored.
   */
  append(batch: Batch): Promise<Acknowledgement> {
    const key = `${batch.host_id}/${batch.epoch}/${batch.sequence}`;
    const appending = this.#appending.get(key);
    if (appending !== undefined) return appending.then(() => ({ duplicate: true }));
    const refusal = this.#refusal(batch);
    if (refusal) return Promise.reject(refusal);
    if (this.#cursors.verdict(batch) === 'stored') return Promise.resolve({ duplicate: true });
    const settle = Promise.withResolvers<Acknowledgement>();
    const appended = settle.promise.finally(() => this.#appending.delete(key));
    this.#appending.set(key, appended);
    this.#waiting.push({ batch, settle });
    if (this.#waiting.length === 1) void this.#inLine(() => this.#commitWaiting());
    return appended;
  }

  /** Ends the open segments that hold rows, so that they can be inserted. After a failure, tries whether the disk takes writes again. */
  seal(): Promise<void> {
    return this.#inLine(async () => {
      await this.#clear();
      await this.#segments.seal(1);
      if (this.#failure === '') return;
      await this.#journal.replace(this.#snapshot());
      this.#failure = '';
    });
  }

  /** The store has the segment. */
  retire(segment: string): Promise<void> {
    return this.#inLine(async () => {
      await this.#clear();
      await this.#journal.append([{ t: 'inserted', segment }]);
      await this.#segments.remove(segment);
      await this.#snapshotIfDue();
    });
  }

  /** Takes no more. What was acknowledged stays for the next start. */
  async close(): Promise<void> {
    this.#stopped = true;
    await this.#inLine(async () => {
      await this.#segments.close();
      await this.#journal.close();
    });
  }

  #refusal(batch: Batch): Refusal | undefined {
    if (this.#stopped) return new Refusal('stopping', 'the collector is stopping: send the batch again', { retry_after_s: 1 });
    if (this.#cursors.verdict(batch) === 'too_old') {
      return new Refusal(
        'sequence_too_old',
        `sequence ${batch.sequence} comes after too many later ones: whether it is stored is no longer known`,
      );
    }
    if (this.bytes + batch.rows.length <= this.#options.log_bytes_max) return undefined;
    const message = `${this.bytes} bytes wait for the store, ${this.#options.log_bytes_max} may: send the batch again later`;
    return new Refusal('log_full', message, { retry_after_s: 5 });
  }

  /** One step of file work after the other. The line goes on after a step that failed. */
  #inLine<Result>(step: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #commitWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.slice(0, GROUP_MAX);
      try {
        await this.#commit(group.map(({ batch }) => batch));
        this.#failure = '';
        for (const { settle } of group) settle.resolve({ duplicate: false });
      } catch (error) {
        const refusal = this.#noteFailure(error);
        for (const { settle } of group) settle.reject(refusal);
      }
      // Only now: as long as some wait, `append` knows that they are being committed.
      this.#waiting.splice(0, group.length);
    }
  }

  async #commit(batches: readonly Batch[]): Promise<void> {
    await this.#clear();
    try {
      const records: JournalRecord[] = [];
      for (const [kind, ofKind] of Map.groupBy(batches, (batch) => batch.kind)) {
        for (const [{ host_id, epoch, sequence }, state] of await this.#segments.append(kind, ofKind)) {
          records.push({ t: 'batch', host_id, epoch, sequence, ...state });
        }
      }
      await this.#journal.append(records);
    } catch (error) {
      // At once, because it frees the space that a full disk lacks; if that fails, the next commit begins with it.
      await this.#clear().catch((clearing: unknown) => this.#noteFailure(clearing));
      throw error;
    }
    this.#segments.commit();
    for (const batch of batches) this.#cursors.add(batch);
    await this.#segments.seal(this.#options.segment_bytes_max).catch((error: unknown) => this.#noteFailure(error));
    await this.#snapshotIfDue();
  }

  /** After a failed commit: cuts off what was not acknowledged. */
  async #clear(): Promise<void> {
    // A line that reached the disk would tell of rows that are about to be cut off: it goes first.
    await this.#journal.clear(() => this.#snapshot());
    await this.#segments.clear();
  }

  /** A snapshot that fails leaves the journal longer than it should be; the next commit tries again. */
  async #snapshotIfDue(): Promise<void> {
    if (this.#journal.wantsSnapshot) await this.#journal.replace(this.#snapshot()).catch((error: unknown) => this.#noteFailure(error));
  }

  #noteFailure(error: unknown): Refusal {
    const refusal = logRefusal(error);
    this.#failure = refusal.message;
    return refusal;
  }

  *#snapshot(): Generator<JournalRecord> {
    for (const state of this.#cursors.states()) yield { t: 'cursor', ...state };
    for (const state of this.#segments.states()) yield { t: 'segment', ...state };
  }
}

function logRefusal(error: unknown): Refusal {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const message = full ? 'the disk of the data directory is full: free space there' : `the log cannot be written: ${reasonOf(error)}`;
  return new Refusal(full ? 'log_disk_full' : 'log_failed', message, { cause: error, retry_after_s: 5 });
}
