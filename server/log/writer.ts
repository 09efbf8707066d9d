// Carries sealed segments into the store: a few inserts a second, whatever the number of batches. What is live goes first in every
// round, what is late has the time that is left. A segment that fails is tried again beside the others, for as long as the store is
// in trouble; what it refuses for good leaves the log in the end. The log's limit bounds what piles up.
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

/** Between two rounds while somebody waits for rows. */
const HASTE_MS = 100;
/** Failures in a row after which a round ends: the store is away, and asking on would only take time. */
const FAILURES_A_ROUND = 3;
/** Sealed segments of a lane at which the store is behind. From then on they grow until they are full: fewer, larger inserts. */
const SEALED_MANY = 64;
/** Late ones that have not been tried yet, enough for the next rounds: others may grow meanwhile. */
const LATE_ENOUGH = 4;
/** Late segments that a round looks at. */
const LATE_A_ROUND = 16;

export class Writer {
  readonly #log: WriterLog;
  readonly #store: WriterStore;
  readonly #options: WriterOptions;
  readonly #events: WriterEvents;
  readonly #attempts: Attempts;
  /** Segments whose rows the store has, and which the log has not let go of yet. */
  readonly #inserted = new Set<string>();
  #trouble = '';
  #hasty_until_ms = 0;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

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

  /** For so long no row waits until there are more of its kind: somebody looks for the first ones, or for the last. */
  hasten(for_ms: number): void {
    this.#hasty_until_ms = performance.now() + for_ms;
    // Where a round is under way there is no such timer, and the next one begins soon.
    if (this.#timer !== undefined && !this.#stopped) {
      clearTimeout(this.#timer);
      this.#next(0);
    }
  }

  get #isHasty(): boolean {
    return performance.now() < this.#hasty_until_ms;
  }

  /** Rounds begin `seal_ms` apart; one that took longer is followed at once, since a full log waits behind it. */
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

  /** Ends the rounds and tries once more to insert all there is. What the store refuses stays in the log. */
  async stop(): Promise<void> {
    this.#stopped = true;
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
    // One that the store does not take may stay for ever, and must not keep back what lies in open ones.
    return sealed.filter(({ segment }) => !this.#attempts.hasFailed(segment)).length >= LATE_ENOUGH;
  }

  /** What is live first. */
  #due(): SealedSegment[] {
    const due = this.#log.sealed.filter(({ segment }) => this.#attempts.isDue(segment, Date.now()));
    const { live = [], late = [] } = Object.groupBy(due, ({ lane }) => lane);
    return [...live, ...(this.#stopped ? late : late.slice(0, LATE_A_ROUND))];
  }

  /** One late segment at least, more until the time is over. Whether any failed. */
  async #insertDue(until_ms: number): Promise<boolean> {
    const due = this.#due();
    let failures = 0;
    const inserted: SealedSegment[] = [];
    const firstLate = due.findIndex(({ lane }) => lane === 'late');
    for (const [index, segment] of due.entries()) {
      if (failures >= FAILURES_A_ROUND) break;
      if (index > firstLate && segment.lane === 'late' && performance.now() >= until_ms) break;
      if (await this.#insert(segment)) inserted.push(segment);
      else failures++;
    }
    const settled = await this.#settle(inserted);
    return failures > 0 || !settled;
  }

  /** The log lets go of segments once the store knows which minutes their rows change: one note for all, it costs an insert. */
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
    await this.#store.insertSegment(storedOf(segment));
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
