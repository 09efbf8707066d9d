// Inserts sealed segments into the store: a few inserts a second, whatever the number of batches. Each round inserts live segments first,
// and late ones in the time that is left. A segment whose insert fails is tried again in later rounds for as long as the store is in
// trouble. One that the store refuses for good ends among the dead letters. The log's limit bounds what waits.
import { reasonOf } from '../../agent/process/errors.ts';
import type { Segment } from '../storage/engine.ts';
import type { Store } from '../storage/store.ts';
import { isTransient } from '../storage/transient.ts';
import { type AttemptOptions, Attempts, type Failure } from './attempts.ts';
import { LANES, type Lane } from './lane.ts';
import type { Log } from './log.ts';
import type { SealedSegment } from './segments.ts';

export type WriterEvents = {
  inserted: (segment: SealedSegment, seconds: number) => void;
  failed: (segment: SealedSegment, error: unknown) => void;
  /** The store refuses the segment for good: it is among the dead letters. */
  buried: (segment: SealedSegment, reason: string) => void;
  /** The store is behind or failing; empty when it has recovered. Called when it changes. */
  trouble: (reason: string) => void;
};
export type WriterOptions = AttemptOptions & {
  seal_ms: number;
  /** A segment with fewer bytes waits until it is `seal_age_ms` old: an insert costs as much for one row as for thousands. */
  seal_bytes_min: number;
  seal_age_ms: number;
};

type WriterLog = Pick<Log, 'seal' | 'sealFull' | 'sealed' | 'retire' | 'split' | 'bury'>;
type WriterStore = Pick<Store, 'insertSegment' | 'noteLate'>;

/** Time between two rounds while `hasten` is in force. */
const HASTE_MS = 100;
/** After so many failures in a row the round ends: the store seems to be away, and more tries would only take time. */
const FAILURES_A_ROUND = 3;
/** With so many sealed segments in a lane the store is behind. Open segments then grow until they are full: fewer, larger inserts. */
const SEALED_MANY = 64;
/** So many late segments that have not been tried yet are enough for the next rounds: open ones may grow meanwhile. */
const LATE_ENOUGH = 4;
/** Late segments that a round tries at most. */
const LATE_A_ROUND = 16;

export class Writer {
  readonly #log: WriterLog;
  readonly #store: WriterStore;
  readonly #options: WriterOptions;
  readonly #events: WriterEvents;
  readonly #attempts: Attempts;
  /** Segments whose rows the store has, but which are still in the log. */
  readonly #inserted = new Set<string>();
  #trouble = '';
  #hasty_until_ms = 0;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;
  /** From this time on no insert begins. */
  #last_ms = Number.POSITIVE_INFINITY;

  constructor(log: WriterLog, store: WriterStore, options: WriterOptions, events: WriterEvents) {
    this.#log = log;
    this.#store = store;
    this.#options = options;
    this.#events = events;
    this.#attempts = new Attempts(options);
  }

  get trouble(): string {
    return this.#trouble;
  }

  start(): void {
    this.#next(this.#options.seal_ms);
  }

  /** For so long segments are sealed at once, however small: somebody waits to see the rows. */
  hasten(for_ms: number): void {
    this.#hasty_until_ms = performance.now() + for_ms;
    // While a round runs there is no timer, and the next round begins soon.
    if (this.#timer !== undefined && !this.#stopped) {
      clearTimeout(this.#timer);
      this.#next(0);
    }
  }

  get #isHasty(): boolean {
    return performance.now() < this.#hasty_until_ms;
  }

  /** Rounds begin `seal_ms` apart. After one that took longer the next begins at once, since the log may fill up. */
  #next(delay_ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const began_ms = performance.now();
      this.#round = this.#sealAndInsert();
      void this.#round.finally(() => {
        const apart_ms = this.#isHasty ? HASTE_MS : this.#options.seal_ms;
        if (!this.#stopped) this.#next(Math.max(0, apart_ms - (performance.now() - began_ms)));
      });
    }, delay_ms);
  }

  /**
   * Ends the rounds and tries once more to insert all there is, but begins no insert after `for_ms`. What is left, or what the store refuses,
   * stays in the log.
   */
  async stop(for_ms = Number.POSITIVE_INFINITY): Promise<void> {
    this.#stopped = true;
    this.#last_ms = performance.now() + for_ms;
    clearTimeout(this.#timer);
    await this.#round;
    this.#attempts.hurry();
    await this.#sealAndInsert();
  }

  async #sealAndInsert(): Promise<void> {
    const until_ms = this.#stopped ? Number.POSITIVE_INFINITY : performance.now() + this.#options.seal_ms;
    try {
      await this.#seal();
    } catch (error) {
      this.#setTrouble(`the log cannot be sealed: ${reasonOf(error)}`);
    }
    const failed = await this.#insertDue(until_ms);
    if (!failed && this.#attempts.size === 0) this.#setTrouble('');
  }

  async #seal(): Promise<void> {
    if (this.#stopped) return this.#log.seal();
    const { seal_bytes_min, seal_age_ms } = this.#isHasty ? { seal_bytes_min: 1, seal_age_ms: 0 } : this.#options;
    for (const lane of LANES) await (this.#isBehind(lane) ? this.#log.sealFull(lane) : this.#log.seal(seal_bytes_min, seal_age_ms, [lane]));
  }

  #isBehind(lane: Lane): boolean {
    const sealed = this.#log.sealed.filter((segment) => segment.lane === lane);
    if (lane === 'live' || sealed.length >= SEALED_MANY) return sealed.length >= SEALED_MANY;
    // Segments that the store does not take are not counted: they may stay for ever, and would keep open ones from being sealed.
    return sealed.filter(({ segment }) => !this.#attempts.hasFailed(segment)).length >= LATE_ENOUGH;
  }

  /** Segments that may be tried now, live ones first. */
  #due(): SealedSegment[] {
    const due = this.#log.sealed.filter(({ segment }) => this.#attempts.isDue(segment, Date.now()));
    const { live = [], late = [] } = Object.groupBy(due, ({ lane }) => lane);
    return [...live, ...(this.#stopped ? late : late.slice(0, LATE_A_ROUND))];
  }

  /** Inserts live segments and at least one late one; more late ones until the time is over. @returns whether any failed */
  async #insertDue(until_ms: number): Promise<boolean> {
    const due = this.#due();
    let failures = 0;
    const inserted: SealedSegment[] = [];
    const firstLate = due.findIndex(({ lane }) => lane === 'late');
    for (const [index, segment] of due.entries()) {
      if (failures >= FAILURES_A_ROUND || performance.now() >= this.#last_ms) break;
      if (index > firstLate && segment.lane === 'late' && performance.now() >= until_ms) break;
      if (await this.#insert(segment)) inserted.push(segment);
      else failures++;
    }
    const settled = await this.#settle(inserted);
    return failures > 0 || !settled;
  }

  /**
   * Notes in the store which minutes the new rows change, then removes the segments from the log. One note for all, since it costs an
   * insert.
   */
  async #settle(inserted: readonly SealedSegment[]): Promise<boolean> {
    try {
      await this.#store.noteLate(inserted.map(storedOf));
    } catch (error) {
      for (const segment of inserted) await this.#fail(segment, error, 'transient');
      return false;
    }
    const retired = await Promise.all(inserted.map((segment) => this.#retire(segment)));
    return !retired.includes(false);
  }

  async #insert(segment: SealedSegment): Promise<boolean> {
    try {
      if (!this.#inserted.has(segment.segment)) await this.#insertOnce(segment);
      return true;
    } catch (error) {
      await this.#fail(segment, error, isTransient(error) ? 'transient' : 'refused');
      return false;
    }
  }

  async #retire(segment: SealedSegment): Promise<boolean> {
    const name = segment.segment;
    try {
      await this.#log.retire(name);
      this.#inserted.delete(name);
      this.#attempts.taken(segment.kind, name, Date.now());
      return true;
    } catch (error) {
      await this.#fail(segment, error, 'transient');
      return false;
    }
  }

  async #insertOnce(segment: SealedSegment): Promise<void> {
    const began = performance.now();
    await this.#store.insertSegment({ ...storedOf(segment), is_behind: this.#isBehind('live') });
    this.#inserted.add(segment.segment);
    this.#events.inserted(segment, (performance.now() - began) / 1000);
  }

  async #fail(segment: SealedSegment, error: unknown, failure: Failure): Promise<void> {
    this.#events.failed(segment, error);
    this.#setTrouble(`rows wait in the log, the store does not take them: ${reasonOf(error)}`);
    const { kind, segment: name, length, row_bytes } = segment;
    const decision = this.#attempts.failed({ kind, segment: name, rows: length / row_bytes }, failure, Date.now(), Math.random());
    try {
      if (decision === 'split') this.#attempts.split(name, await this.#log.split(name));
      else if (decision === 'bury') await this.#bury(segment, reasonOf(error));
    } catch (cause) {
      this.#setTrouble(`a segment that the store refuses cannot be moved: ${reasonOf(cause)}`);
    }
  }

  async #bury(segment: SealedSegment, reason: string): Promise<void> {
    await this.#log.bury(segment.segment, reason);
    this.#attempts.buried(segment.segment);
    this.#events.buried(segment, reason);
  }

  #setTrouble(reason: string): void {
    if (reason === this.#trouble) return;
    this.#trouble = reason;
    this.#events.trouble(reason);
  }
}

function storedOf({ kind, path, length, row_bytes, oldest_ns }: SealedSegment): Segment {
  return { kind, path, rows: length / row_bytes, oldest_ns };
}
