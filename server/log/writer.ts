// Carries sealed segments into the store: a few inserts a second, whatever the number of batches. A segment that the
// store refuses is tried again for as long as it takes, beside the others; the log's limit bounds what piles up.
import { KINDS } from '../../bpf/rows.gen.ts';
import { reasonOf } from '../errors.ts';
import type { Segment, Store } from '../storage/store.ts';
import type { Log } from './log.ts';
import type { SealedSegment } from './segments.ts';

export type WriterEvents = {
  inserted: (segment: SealedSegment, seconds: number) => void;
  failed: (segment: SealedSegment, error: unknown) => void;
  /** The store is behind or failing; empty when it has recovered. Called when it changes. */
  trouble: (reason: string) => void;
};
export type WriterOptions = { seal_ms: number; retry_ms_min: number; retry_ms_max: number };

type WriterStore = Pick<Store, 'insertSegment' | 'insertUnsettled'>;

/** Failures in a row after which a round ends: the store is away, and asking on would only take time. */
const FAILURES_A_ROUND = 3;

export class Writer {
  readonly #log: Pick<Log, 'seal' | 'sealed' | 'retire'>;
  readonly #store: WriterStore;
  readonly #options: WriterOptions;
  readonly #events: WriterEvents;
  /** By segment: how often it failed, and when to try again. */
  readonly #retries = new Map<string, { failures: number; due_ms: number }>();
  /** Segments that the store has and the log could not yet let go of. */
  readonly #inserted = new Set<string>();
  #trouble = '';
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(log: Pick<Log, 'seal' | 'sealed' | 'retire'>, store: WriterStore, options: WriterOptions, events: WriterEvents) {
    this.#log = log;
    this.#store = store;
    this.#options = options;
    this.#events = events;
  }

  get trouble(): string {
    return this.#trouble;
  }

  /** Once, before `start`: inserts what an earlier process left in the log. What the store refuses stays there for the rounds. */
  settle(): Promise<void> {
    this.#round = this.#settle();
    return this.#round;
  }

  async #settle(): Promise<void> {
    const left = this.#log.sealed;
    if (left.length === 0) return;
    const began = performance.now();
    try {
      await this.#store.insertUnsettled(left.map(stored));
    } catch (error) {
      for (const segment of left) this.#events.failed(segment, error);
      return;
    }
    const seconds = (performance.now() - began) / 1000 / left.length;
    for (const segment of left) {
      this.#inserted.add(segment.segment);
      this.#events.inserted(segment, seconds);
      await this.#insert(segment);
    }
  }

  start(): void {
    this.#next(this.#options.seal_ms);
  }

  /** Rounds begin `seal_ms` apart; one that took longer is followed at once, since a full log waits behind it. */
  #next(delay_ms: number): void {
    this.#timer = setTimeout(() => {
      const began_ms = performance.now();
      this.#round = this.#sealAndInsert();
      void this.#round.finally(() => {
        if (!this.#stopped) this.#next(Math.max(0, this.#options.seal_ms - (performance.now() - began_ms)));
      });
    }, delay_ms);
  }

  /** Ends the rounds and tries once more to insert all there is. What the store refuses stays in the log. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
    this.#retries.clear();
    await this.#sealAndInsert();
  }

  async #sealAndInsert(): Promise<void> {
    try {
      await this.#log.seal();
    } catch (error) {
      this.#setTrouble(`the log cannot be sealed: ${reasonOf(error)}`);
    }
    let failures = 0;
    for (const segment of this.#log.sealed) {
      if (failures >= FAILURES_A_ROUND) break;
      if ((this.#retries.get(segment.segment)?.due_ms ?? 0) > Date.now()) continue;
      if (!(await this.#insert(segment))) failures++;
    }
    if (failures === 0 && this.#retries.size === 0) this.#setTrouble('');
  }

  async #insert(segment: SealedSegment): Promise<boolean> {
    const name = segment.segment;
    try {
      if (!this.#inserted.has(name)) await this.#insertOnce(segment);
      await this.#log.retire(name);
      this.#inserted.delete(name);
      this.#retries.delete(name);
      return true;
    } catch (error) {
      this.#retryLater(name);
      this.#setTrouble(`rows wait in the log, the store does not take them: ${reasonOf(error)}`);
      this.#events.failed(segment, error);
      return false;
    }
  }

  async #insertOnce(segment: SealedSegment): Promise<void> {
    const began = performance.now();
    await this.#store.insertSegment(stored(segment));
    this.#inserted.add(segment.segment);
    this.#events.inserted(segment, (performance.now() - began) / 1000);
  }

  /** Twice as long with every failure, anywhere up to that, so that many segments do not come back at once. */
  #retryLater(name: string): void {
    const failures = (this.#retries.get(name)?.failures ?? 0) + 1;
    const { retry_ms_min, retry_ms_max } = this.#options;
    const most = Math.min(retry_ms_max, retry_ms_min * 2 ** Math.min(failures, 16));
    this.#retries.set(name, { failures, due_ms: Date.now() + retry_ms_min + Math.random() * (most - retry_ms_min) });
  }

  #setTrouble(reason: string): void {
    if (reason === this.#trouble) return;
    this.#trouble = reason;
    this.#events.trouble(reason);
  }
}

/** As the store wants it: the name is the token. */
function stored({ kind, path, length, segment }: SealedSegment): Segment {
  return { kind, path, rows: length / KINDS[kind].size, token: `${kind}/${segment}` };
}
