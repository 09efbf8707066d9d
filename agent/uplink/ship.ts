// Sends batches to the collector until it has acknowledged them: live ones (just cut) at once, and beside them the backlog that waits in the
// spool, oldest first. Every attempt has the same bytes and sequence number, so the collector recognises a repeated batch.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Layout } from '../../bpf/rows/layout.ts';
import type { Accounting } from '../accounts/accounting.ts';
import type { Log } from '../process/log.ts';
import type { DeadLetters } from '../spool/dead-letters.ts';
import type { Parcel, Spool } from '../spool/spool.ts';
import { Aside } from './aside.ts';
import { BackOff } from './back-off.ts';
import type { Batch } from './batch.ts';
import type { CollectorClient } from './client.ts';
import { Intake } from './intake.ts';
import { type Lane, nextLane, SLOTS } from './lanes.ts';
import { Live } from './live.ts';
import type { Answer } from './post.ts';
import { Skew } from './skew.ts';

/** After this many attempts in a row without an answer the collector counts as unreachable. */
const AWAY_AFTER = 2;
/** The pause after a read error of the spool. */
const UNREADABLE_MS = 1000;

export type ShipOptions = {
  client: CollectorClient;
  /** 16 hex digits each; every start of the agent has a new epoch */
  host_id: string;
  epoch: string;
  spool: Spool;
  accounting: Accounting;
  /** layouts by schema */
  layouts: ReadonlyMap<string, Layout>;
  dead_letters?: DeadLetters | undefined;
  /** that batches may hold before they are in the spool */
  memory_bytes: number;
  log: Log;
  /** called when the collector has accepted a batch, or asks for less */
  onAnswer?: (answer: 'busy' | 'accepted') => void;
  /** the shortest pause between attempts, and how long a batch stays live; undefined: the defaults */
  retry_ms_min?: number;
  live_ms_max?: number;
};

export class Shipper {
  readonly #options: ShipOptions;
  readonly #intake: Intake;
  readonly #live: Live;
  readonly #skew: Skew;
  readonly #under_way: Record<Lane, number> = { live: 0, backlog: 0 };
  readonly #abort = new AbortController();
  readonly #aside: Aside;
  readonly #back_off: BackOff;
  /** after `busy_late`: pauses the backlog alone */
  readonly #late_back_off: BackOff;
  readonly #sending = new Set<Promise<void>>();
  #fetching = false;
  #onIdle: (() => void) | undefined;
  #onSettled: (() => void) | undefined;

  constructor(options: ShipOptions) {
    this.#options = options;
    const { log, retry_ms_min, live_ms_max } = options;
    this.#live = new Live(live_ms_max);
    this.#intake = new Intake({ ...options, onParcel: (parcel) => this.#offer(parcel) });
    this.#aside = new Aside((parcel) => options.spool.release(parcel));
    this.#back_off = new BackOff('rows', log, () => this.#pump(), retry_ms_min);
    this.#late_back_off = new BackOff('rows that have waited', log, () => this.#pump(), retry_ms_min);
    this.#skew = new Skew({ ...options, signal: this.#abort.signal, onEnd: () => this.#pump() });
  }

  /** Memory that batches hold, without those being sent. */
  get memory_bytes(): number {
    return this.#intake.bytes + this.#live.bytes + this.#options.spool.bytes.memory;
  }

  /** Limits the memory of batches that are not in the spool yet, and, to the same figure, of those that the spool keeps in memory. */
  limit(memory_bytes: number): void {
    this.#intake.memory_bytes = memory_bytes;
    this.#options.spool.limit({ memory_bytes });
  }

  /** Takes a batch. Resolves when nobody reads its buffer any more: once it is compressed, long before it is sent. */
  take(batch: Batch): Promise<void> {
    return this.#intake.take(batch);
  }

  /** Moves live batches that could not be sent in time to the backlog. To be called now and then. */
  tick(): void {
    for (const parcel of this.#live.overdue(performance.now())) this.#options.spool.release(parcel);
    this.#pump();
  }

  /**
   * Sends what is left, for at most `ms`; the first attempt is made at once, even during a pause after a failure. What the collector has
   * not acknowledged by then stays in the spool.
   * @param isPatient while it returns true, the time begins anew whenever the collector has taken a batch, or refused it for good
   */
  async finish(ms: number, isPatient: () => boolean = () => false): Promise<void> {
    const deadline = performance.now() + ms;
    await this.#intake.settled();
    const { promise, resolve } = Promise.withResolvers<void>();
    let timer = setTimeout(resolve, isPatient() ? ms : Math.max(0, deadline - performance.now()));
    this.#onIdle = resolve;
    this.#onSettled = () => {
      if (!isPatient()) return;
      clearTimeout(timer);
      timer = setTimeout(resolve, ms);
    };
    this.#aside.releaseAll();
    this.#late_back_off.end();
    this.#back_off.end();
    await promise;
    this.#onSettled = undefined;
    clearTimeout(timer);
    this.#abort.abort();
    // Each request that was aborted gives its batch back to the spool; one may still have been answered.
    await Promise.all(this.#sending);
    this.#back_off.stop();
    this.#late_back_off.stop();
    this.#skew.close();
    this.#aside.releaseAll();
    for (const parcel of this.#live.overdue(Number.POSITIVE_INFINITY)) this.#options.spool.release(parcel);
  }

  #offer(parcel: Parcel): void {
    this.#live.add(parcel, performance.now());
    this.tick();
  }

  #isIdle(): boolean {
    const { live, backlog } = this.#under_way;
    if (live + backlog + this.#live.length > 0 || this.#options.spool.hasFree(this.#skew.isHeld)) return false;
    return this.#onIdle === undefined || !this.#skew.ends_soon;
  }

  #pump(): void {
    while (!this.#back_off.is_waiting && !this.#abort.signal.aborted) {
      const waiting = { live: this.#live.length > 0, backlog: this.#mayFetch() };
      // After a failure only one request at a time is made, to find out whether the collector is back.
      const lane = nextLane(waiting, this.#under_way, this.#back_off.failures > 0 ? 1 : SLOTS);
      if (lane === undefined) break;
      const sending = lane === 'live' ? this.#sendLive() : this.#sendOldest();
      this.#sending.add(sending);
      void sending.finally(() => this.#sending.delete(sending));
    }
    if (this.#isIdle()) this.#onIdle?.();
  }

  /** After `busy_late` only one batch of the backlog at a time is sent, to find out whether the collector has room again. */
  #mayFetch(): boolean {
    const { is_waiting, failures } = this.#late_back_off;
    if (this.#fetching || is_waiting || (failures > 0 && this.#under_way.backlog > 0)) return false;
    return this.#options.spool.hasFree(this.#skew.isHeld);
  }

  async #sendLive(): Promise<void> {
    const parcel = this.#live.shift();
    if (parcel === undefined) return;
    if (this.#skew.isHeld(parcel.batch.schema)) this.#options.spool.release(parcel);
    else await this.#send(parcel, 'live');
  }

  async #sendOldest(): Promise<void> {
    this.#fetching = true;
    this.#under_way.backlog++;
    const parcel = await this.#options.spool.next(this.#skew.isHeld).catch(() => this.#pause());
    this.#fetching = false;
    this.#under_way.backlog--;
    if (parcel === undefined) this.#pump();
    else if (this.#abort.signal.aborted) this.#options.spool.release(parcel);
    else await this.#send(parcel, 'backlog');
  }

  #pause(): Promise<undefined> {
    return sleep(UNREADABLE_MS, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }

  async #send(parcel: Parcel, lane: Lane): Promise<void> {
    this.#under_way[lane]++;
    const posting = this.#options.client.rows(parcel.batch, this.#abort.signal);
    // Reads the next batch of the backlog while this one is on its way.
    if (lane === 'backlog') this.#pump();
    const answer = await posting;
    this.#under_way[lane]--;
    this.#settle(parcel, answer);
    if (lane === 'backlog' && answer.verdict === 'accepted') this.#late_back_off.succeeded();
    this.#pump();
  }

  #settle(parcel: Parcel, answer: Answer): void {
    const { spool, dead_letters, onAnswer } = this.#options;
    const { verdict, reason } = answer;
    const { schema, rows, kind } = parcel.batch;
    if (verdict === 'accepted' || verdict === 'rejected') {
      this.#back_off.succeeded();
      spool.settle(parcel, verdict === 'accepted' ? 'sent' : 'rejected');
      this.#onSettled?.();
    } else if (verdict === 'retry' && answer.status !== 0) this.#aside.failed(parcel);
    else spool.release(parcel);
    if (verdict === 'accepted') onAnswer?.('accepted');
    else if (verdict === 'rejected') {
      void dead_letters?.add(parcel.batch);
      this.#back_off.complain(`the collector refused ${rows} ${kind} rows for good: ${reason}`);
    } else if (this.#abort.signal.aborted) return;
    else if (verdict === 'busy_late') {
      this.#back_off.succeeded();
      this.#late_back_off.failed(answer);
    } else if (verdict === 'held') this.#skew.refused(schema, reason);
    else if (verdict === 'layout_unknown') void this.#skew.unknown(schema);
    else this.#failed(answer);
  }

  #failed(answer: Answer): void {
    if (answer.verdict === 'busy') this.#options.onAnswer?.('busy');
    this.#back_off.failed(answer);
    // While ending, an unreachable collector is not waited for where the spool is on disk: the next start sends what is left.
    if (answer.status === 0 && this.#back_off.failures > AWAY_AFTER && this.#options.spool.is_safe) this.#onIdle?.();
  }
}
