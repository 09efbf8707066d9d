// The collector's log: a batch is acknowledged when its rows are in a segment and its name is in the journal, and both are flushed.
//
//   append ─▶ group ─▶ segments: write, flush ─▶ journal: write, flush ─▶ acknowledge
//                          │ seal (every ~500 ms, or full)
//                          ▼
//          sealed segments ─▶ writer inserts ─▶ retire: line in the journal, then the file is removed
//
// Rows are flushed before the journal names their batch. So each batch in the journal is on disk, and a batch that is not in it was never
// acknowledged. All work on files is done in turn, one step after the other.
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { type Disk, REAL_DISK } from '../../agent/durable/disk.ts';
import { Journal } from '../../agent/durable/journal.ts';
import { turns } from '../../agent/process/turns.ts';
import type { Conversion } from '../../bpf/rows/layout.ts';
import type { Refusal } from '../errors.ts';
import { BOUNDS, BoundedFiles } from './bounded-files.ts';
import { Cursors } from './cursors.ts';
import { burySegment, type RefusedParts, splitSegment } from './dead-letter.ts';
import { FlushPace } from './flush-pace.ts';
import { type Batch, costOf, takeGroup, writeGroup } from './group.ts';
import { JOURNAL_FORMAT, type JournalRecord } from './journal-record.ts';
import { eachLane, LANES, type Lane } from './lane.ts';
import type { LogOptions } from './log-options.ts';
import { logRefusal, noRoom, stopping, tooOld } from './log-refusal.ts';
import { Losses, minuteOf } from './losses.ts';
import { finishRecovery, recover, replacedOf } from './recover.ts';
import { ASIDE, JOURNAL, type Recovered } from './recovered.ts';
import { quarantinedOf } from './replay.ts';
import { type SealedSegment, Segments } from './segments.ts';

export type Acknowledgement = { duplicate: boolean };
type Retiring = { segment: string; settle: PromiseWithResolvers<void> };
type Waiting = { batch: Batch; settle: PromiseWithResolvers<Acknowledgement> };

export class Log {
  readonly #options: LogOptions & { disk: Disk };
  readonly #run = `${Date.now()}-${randomBytes(6).toString('hex')}`;
  readonly #journal: Journal<JournalRecord>;
  readonly #segments: Segments;
  readonly #quarantine: BoundedFiles;
  readonly #deadLetters: BoundedFiles;
  readonly #aside: BoundedFiles;
  #cursors = new Cursors();
  #losses = new Losses();
  readonly #waiting = eachLane((): Waiting[] => []);
  readonly #waitingBytes = eachLane(() => 0);
  #retiring: Retiring[] = [];
  readonly #pace: FlushPace;
  readonly #appending = new Map<string, Promise<Acknowledgement>>();
  readonly #inLine = turns();
  #failure = '';
  #stopped = false;

  constructor(options: LogOptions) {
    const { disk = REAL_DISK, bounds = BOUNDS, dropped = () => undefined, flushes_apart_ms = 0 } = options;
    this.#pace = new FlushPace(() => void this.#inLine(() => this.#flush()), flushes_apart_ms);
    const directory = resolve(options.directory);
    this.#options = { ...options, directory, disk };
    this.#journal = new Journal(disk, join(directory, JOURNAL), JOURNAL_FORMAT, options.journal_bytes_max);
    this.#segments = new Segments(disk, directory, this.#run);
    this.#quarantine = new BoundedFiles(disk, options.quarantine, this.#run, bounds, dropped);
    this.#deadLetters = new BoundedFiles(disk, options.dead_letter, this.#run, bounds, dropped);
    this.#aside = new BoundedFiles(disk, join(directory, ASIDE), this.#run, bounds, dropped);
  }

  /**
   * Recovers what an earlier process has left. All of it is sealed and waits for the store in the late lane, since it has waited already.
   * @param conversion how rows of another version become rows of this one
   * @throws StartError `log_of_other_version`
   */
  async start(conversion: (schema: string) => Conversion | undefined = () => undefined): Promise<Recovered> {
    const { directory, disk } = this.#options;
    const recovered = await recover({ disk, directory, run: this.#run, conversion });
    for (const files of [this.#quarantine, this.#deadLetters]) await files.open();
    this.#cursors = recovered.cursors;
    this.#losses = recovered.losses;
    for (const segment of recovered.segments) this.#segments.addSealed(segment, 'late');
    await this.#journal.replace([...this.#snapshot(), ...replacedOf(recovered)]);
    await finishRecovery(disk, recovered);
    await this.#aside.makeRoom(0);
    return recovered;
  }

  /** Bytes that wait for the store, as they count against the log's limit. */
  get bytes(): number {
    return this.#segments.bytes;
  }

  /** What of it waits in the late lane. */
  get late(): { bytes: number; rows: number } {
    return { bytes: this.#segments.bytesOf('late'), rows: this.#segments.rowsOf('late') };
  }

  /** Why the log cannot be written; empty while it can. */
  get failure(): string {
    return this.#failure;
  }

  get sealed(): SealedSegment[] {
    return this.#segments.sealed;
  }

  get sealedCount(): number {
    return this.#segments.sealedCount;
  }

  /** How long the segment that was sealed first has waited: how far the store is behind. */
  get behind_s(): number {
    return this.#segments.behind_s;
  }

  /** The names that the segments in the log had before they were halved. */
  get origins(): ReadonlySet<string> {
    return this.#segments.origins;
  }

  /** Counts of lost rows, for the store. */
  get losses(): Losses {
    return this.#losses;
  }

  /**
   * Resolves when the batch is durable; at once if it already was.
   * @throws Refusal `sequence_too_old`, `log_full`, `log_full_late`, `log_disk_full`, `log_failed`, `stopping`: it is not stored
   */
  append(batch: Batch): Promise<Acknowledgement> {
    const key = `${batch.host_id}/${batch.epoch}/${batch.kind}/${batch.sequence}`;
    const appending = this.#appending.get(key);
    if (appending !== undefined) return appending.then(() => ({ duplicate: true }));
    if (this.#cursors.verdict(batch) === 'stored') return Promise.resolve({ duplicate: true });
    const refusal = this.#refusal(batch);
    if (refusal) return Promise.reject(refusal);
    const settle = Promise.withResolvers<Acknowledgement>();
    const appended = settle.promise.finally(() => this.#appending.delete(key));
    this.#appending.set(key, appended);
    this.#waiting[batch.lane].push({ batch, settle });
    this.#waitingBytes[batch.lane] += costOf(batch);
    this.#pace.plan();
    return appended;
  }

  /**
   * Seals the open segments that hold `bytesMin` bytes or are `age_ms` old, so that they can be inserted. After a failure it also tries
   * whether the disk takes writes again.
   */
  seal(bytesMin = 1, age_ms = 0, lanes: readonly Lane[] = LANES): Promise<void> {
    return this.#inLine(async () => {
      await this.#clear();
      for (const lane of lanes) await this.#segments.seal(lane, bytesMin, age_ms);
      if (this.#failure === '') return;
      await this.#replaceJournal();
      this.#failure = '';
    });
  }

  /** Seals the segments that became full and could not be sealed then. */
  sealFull(lane: Lane): Promise<void> {
    return this.seal(this.#options.segment_bytes_max, Number.POSITIVE_INFINITY, [lane]);
  }

  /** Removes a segment that the store has. Shares its flush with batches and with other segments. */
  retire(segment: string): Promise<void> {
    const settle = Promise.withResolvers<void>();
    this.#retiring.push({ segment, settle });
    this.#pace.plan();
    return settle.promise;
  }

  /** Replaces a segment by two with half of its rows each. Their names follow from its name, so a repetition makes the same files. */
  split(segment: string): Promise<string[]> {
    return this.#inLine(async () => {
      await this.#clear();
      return splitSegment(this.#parts(), segment);
    });
  }

  /** Moves a segment that the store refuses for good to the dead letters, with the reason beside it. */
  bury(segment: string, reason: string): Promise<void> {
    return this.#inLine(async () => {
      await this.#clear();
      await burySegment(this.#parts(), segment, reason);
    });
  }

  /** Ends the log: it takes no more batches. What was acknowledged waits for the next start. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#pace.hurry();
    await this.#inLine(async () => {
      await this.#segments.close();
      await this.#quarantine.close();
      await this.#journal.close();
    });
  }

  #refusal(batch: Batch): Refusal | undefined {
    if (this.#stopped) return stopping();
    if (this.#cursors.verdict(batch) === 'too_old') return tooOld(batch.sequence);
    return noRoom(costOf(batch), batch.lane, {
      bytes: this.bytes,
      late_bytes: this.#segments.bytesOf('late'),
      waiting: this.#waitingBytes,
      bytes_max: this.#options.log_bytes_max,
      losses_full: batch.quarantined !== undefined && this.#losses.isFull,
      behind_s: this.behind_s,
    });
  }

  #parts(): RefusedParts {
    const { disk, directory } = this.#options;
    return { disk, directory, segments: this.#segments, journal: this.#journal, losses: this.#losses, letters: this.#deadLetters };
  }

  /** Writes one group of batches and retires segments. The next group is another step, so that sealing gets its turn between them. */
  async #flush(): Promise<void> {
    this.#pace.began();
    const group = takeGroup(this.#waiting);
    if (LANES.some((lane) => this.#waiting[lane].length > 0)) this.#pace.plan();
    const retiring = this.#retiring.splice(0);
    const inserted = retiring.map(({ segment }): JournalRecord => ({ t: 'inserted', segment }));
    try {
      const batches = group.map(({ batch }) => batch);
      await this.#commit(batches, inserted);
      if (group.length > 0) this.#failure = '';
      for (const { settle } of group) settle.resolve({ duplicate: false });
      await this.#removeRetired(retiring);
    } catch (error) {
      const refusal = this.#noteFailure(error);
      for (const { settle } of group) settle.reject(refusal);
      // A disk without room for rows may still have room for a line, and the files of retired segments make room.
      if (group.length > 0 && retiring.length > 0) await this.#retireAlone(retiring, inserted);
      else for (const { settle } of retiring) settle.reject(error);
    }
    for (const { batch } of group) this.#waitingBytes[batch.lane] -= costOf(batch);
    // Only after the retired segments are removed: else the snapshot would name them as waiting.
    await this.#snapshotIfDue();
  }

  async #retireAlone(retiring: readonly Retiring[], inserted: readonly JournalRecord[]): Promise<void> {
    try {
      await this.#commit([], inserted);
      await this.#removeRetired(retiring);
    } catch (error) {
      for (const { settle } of retiring) settle.reject(error);
    }
  }

  /** Removes segments that the journal says may be removed. */
  async #removeRetired(retiring: readonly Retiring[]): Promise<void> {
    for (const { segment, settle } of retiring) await this.#segments.remove(segment).then(settle.resolve, settle.reject);
  }

  async #commit(batches: readonly Batch[], also: readonly JournalRecord[]): Promise<void> {
    await this.#clear();
    const failed = (error: unknown) => this.#noteFailure(error);
    let written: JournalRecord[];
    try {
      written = await writeGroup(this.#segments, this.#quarantine, batches, minuteOf(Date.now()));
      await this.#journal.append([...also, ...written], true);
    } catch (error) {
      // At once, since this frees space that a full disk lacks. If it fails, the next commit begins with it.
      await this.#clear().catch(failed);
      throw error;
    }
    this.#segments.commit();
    for (const batch of batches) this.#cursors.add(batch);
    for (const entry of quarantinedOf(written)) this.#losses.add(entry);
    for (const lane of LANES) await this.#segments.seal(lane, this.#options.segment_bytes_max, Number.POSITIVE_INFINITY).catch(failed);
  }

  /** After a failed commit, cuts off what was not acknowledged. */
  async #clear(): Promise<void> {
    // The journal first: its lines may name rows that are about to be cut off.
    await this.#journal.repair(() => this.#replaceJournal());
    await this.#segments.clear();
  }

  /** A snapshot that fails only leaves the journal longer than it should be. The next commit tries again. */
  async #snapshotIfDue(): Promise<void> {
    if (this.#journal.wants_snapshot) await this.#replaceJournal().catch((error: unknown) => this.#noteFailure(error));
  }

  async #replaceJournal(): Promise<void> {
    await this.#segments.syncRemoved();
    await this.#journal.replace(this.#snapshot());
  }

  #noteFailure(error: unknown): Refusal {
    const refusal = logRefusal(error);
    this.#failure = refusal.message;
    return refusal;
  }

  *#snapshot(): Generator<JournalRecord> {
    for (const state of this.#cursors.states()) yield { t: 'cursor', ...state };
    for (const state of this.#segments.states()) yield { t: 'segment', ...state };
    for (const entry of this.#losses.entries()) yield { t: 'lost', ...entry };
  }
}
