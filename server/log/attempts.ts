// Decides what to do with a segment whose insert has failed: try it again later, halve it, or give it up. While the store itself is in
// trouble, the segment is tried again for as long as that takes. Where the store refuses some of its rows for good, halving finds them.
// They are given up only while the store takes other rows of the same kind: otherwise the table is at fault and not the rows.
// Pure: the time is an argument.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { originOf } from './segment-name.ts';

export type AttemptOptions = {
  retry_ms_min: number;
  retry_ms_max: number;
  /** After so many refusals a segment is halved; each half is halved again after one more. */
  refusals_max: number;
  /** How often segments of a kind are halved while the store has taken no rows of that kind since the first refusal. */
  blind_splits_max: number;
  /** How many parts of one segment are halved down to single rows; further parts that the store refuses are given up whole. */
  burials_max: number;
};
export const ATTEMPTS: AttemptOptions = {
  retry_ms_min: 500,
  retry_ms_max: 30_000,
  refusals_max: 5,
  blind_splits_max: 20,
  burials_max: 16,
};

type Failed = { kind: Kind; segment: string; rows: number };
type Attempt = { failures: number; refusals: number; due_ms: number; refused_first_ms: number };
/** `transient`: the trouble may pass. `refused`: the store does not take these rows. */
export type Failure = 'transient' | 'refused';
export type Decision = 'retry' | 'split' | 'bury';

export class Attempts {
  readonly #options: AttemptOptions;
  readonly #bySegment = new Map<string, Attempt>();
  /** By kind: when the store last took rows of it, and how many segments were halved since. */
  readonly #kinds = new Map<Kind, { taken_ms: number; blind_splits: number }>();
  readonly #burials = new Map<string, number>();

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  /** The number of segments that have failed and are still in the log. */
  get size(): number {
    return this.#bySegment.size;
  }

  hasFailed(segment: string): boolean {
    return this.#bySegment.has(segment);
  }

  isDue(segment: string, now_ms: number): boolean {
    return (this.#bySegment.get(segment)?.due_ms ?? 0) <= now_ms;
  }

  /** Makes all segments due at once. */
  hurry(): void {
    for (const attempt of this.#bySegment.values()) attempt.due_ms = 0;
  }

  taken(kind: Kind, segment: string, now_ms: number): void {
    this.forget(segment);
    this.#kinds.set(kind, { taken_ms: now_ms, blind_splits: 0 });
  }

  /** The segment is no longer in the log. */
  forget(segment: string): void {
    this.#bySegment.delete(segment);
    const origin = originOf(segment);
    if (![...this.#bySegment.keys()].some((other) => originOf(other) === origin)) this.#burials.delete(origin);
  }

  /** @param random in [0, 1): spreads the next tries of segments that fail together */
  failed({ kind, segment, rows }: Failed, failure: Failure, now_ms: number, random: number): Decision {
    const attempt = this.#bySegment.get(segment) ?? { failures: 0, refusals: 0, due_ms: 0, refused_first_ms: now_ms };
    this.#bySegment.set(segment, attempt);
    attempt.failures++;
    if (failure === 'refused') attempt.refusals++;
    const { retry_ms_min, retry_ms_max, refusals_max } = this.#options;
    const most = Math.min(retry_ms_max, retry_ms_min * 2 ** Math.min(attempt.failures, 16));
    attempt.due_ms = now_ms + random * most;
    if (failure !== 'refused' || attempt.refusals < refusals_max) return 'retry';
    const { taken_ms, blind_splits } = this.#kinds.get(kind) ?? { taken_ms: Number.NEGATIVE_INFINITY, blind_splits: 0 };
    const works = taken_ms >= attempt.refused_first_ms;
    if (works && (rows <= 1 || this.#buried(segment) >= this.#options.burials_max)) return 'bury';
    if (rows <= 1 || (!works && blind_splits >= this.#options.blind_splits_max)) return 'retry';
    if (!works) this.#kinds.set(kind, { taken_ms, blind_splits: blind_splits + 1 });
    return 'split';
  }

  /** The segment was halved. The first half is due at once, the second when the whole was. Both are halved again at their next refusal. */
  split(segment: string, [first, second]: readonly string[]): void {
    const whole = this.#bySegment.get(segment);
    this.#bySegment.delete(segment);
    if (!whole || first === undefined || second === undefined) return;
    const refusals = this.#options.refusals_max - 1;
    this.#bySegment.set(first, { ...whole, refusals, due_ms: 0 });
    this.#bySegment.set(second, { ...whole, refusals });
  }

  buried(segment: string): void {
    const origin = originOf(segment);
    this.#burials.set(origin, this.#buried(segment) + 1);
    this.forget(segment);
  }

  #buried(segment: string): number {
    return this.#burials.get(originOf(segment)) ?? 0;
  }
}
