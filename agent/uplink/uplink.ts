// The way to a collector: cuts rows into batches, keeps them in the spool, ships them, and sends reports beside them.

import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { type Ledger, ledgerOf } from '../accounts/ledger.ts';
import type { Caps } from '../spool/caps.ts';
import type { Opened } from '../spool/open.ts';
import { type Batch, Batcher } from './batch.ts';
import type { Answered } from './client.ts';
import { Reporter, type ReporterOptions } from './report.ts';
import { type ShipOptions, Shipper } from './ship.ts';

const FINISH_MS_MAX = 5000;
const LAST_REPORT_MS_MAX = 5000;

export type UplinkOptions = Omit<ReporterOptions, 'spool'> & {
  spool: Opened;
  /** time between two reports, however far apart sweeps are */
  report_interval_ms: number;
} & Pick<ShipOptions, 'onAnswer' | 'memory_bytes'>;

export class Uplink {
  readonly #batcher = new Batcher();
  readonly #shipper: Shipper;
  readonly #reporter: Reporter;
  readonly #spool: Opened;
  readonly #epoch: string;
  readonly #stopping = new AbortController();
  /** time between two reports; may change at any time */
  report_interval_ms: number;
  readonly #client: UplinkOptions['client'];
  #report_at = 0;
  #is_closed = false;

  constructor({ report_interval_ms, ...options }: UplinkOptions) {
    const { run, spool } = options;
    this.report_interval_ms = report_interval_ms;
    this.#shipper = new Shipper({ ...options, ...spool, ...run });
    this.#reporter = new Reporter(options);
    this.#spool = spool;
    this.#client = options.client;
    this.#epoch = run.epoch;
  }

  get ledger(): Ledger {
    return ledgerOf(this.#spool.accounting, this.#epoch);
  }

  /** How requests were answered since the start. */
  get answered(): Iterable<Readonly<Answered>> {
    return this.#client.answered;
  }

  /** Compressed bytes that no collector has acknowledged, in memory and on disk. */
  get waiting_bytes(): number {
    return this.#shipper.memory_bytes + this.#spool.spool.waiting_bytes;
  }

  /** The memory that batches hold, and the size of the spool's files. */
  get bytes(): { memory: number; disk: number } {
    return { memory: this.#shipper.memory_bytes, disk: this.#spool.spool.bytes.disk };
  }

  /** Sets other limits, of memory and of the spool's disk. */
  limit({ memory_bytes, caps }: { memory_bytes?: number; caps?: Partial<Caps> }): void {
    if (memory_bytes !== undefined) this.#shipper.limit(memory_bytes);
    if (caps !== undefined) this.#spool.spool.limit({ caps });
  }

  /** Takes whole rows of one kind. Copies them. */
  add(kind: Kind, rows: Uint8Array): void {
    this.#spool.accounting.add(this.#epoch, kind, 'seen', rows.length / KINDS[kind].size, Date.now());
    for (const batch of this.#batcher.add(kind, rows, performance.now())) this.#ship(batch);
  }

  /** Ships the batches that have reached their age and sends a report when one is due. To be called after each round over the rings. */
  tick(): void {
    for (const batch of this.#batcher.due(performance.now())) this.#ship(batch);
    this.#shipper.tick();
    const now = performance.now();
    if (now < this.#report_at) return;
    this.#report_at = now + this.report_interval_ms;
    void this.#reporter.send(this.#stopping.signal);
  }

  /**
   * Ships what is left and sends the last report, within a bound. The next run sends what the collector has not acknowledged by then.
   * @param isPatient while it returns true, the bound begins anew whenever the collector takes something
   */
  async finish(isPatient?: () => boolean): Promise<void> {
    await this.#shipRest(FINISH_MS_MAX, isPatient);
    await this.#reporter.sendLast(AbortSignal.timeout(LAST_REPORT_MS_MAX));
    await this.close();
  }

  /** Ends without sending: the next run sends what no collector has acknowledged. Does nothing after `finish`. */
  async close(): Promise<void> {
    if (this.#is_closed) return;
    this.#is_closed = true;
    await this.#shipRest(0);
    await this.#spool.close();
  }

  async #shipRest(ms_max: number, isPatient?: () => boolean): Promise<void> {
    this.#stopping.abort();
    for (const batch of this.#batcher.due(Number.POSITIVE_INFINITY)) this.#ship(batch);
    await this.#shipper.finish(ms_max, isPatient);
    await this.#spool.spool.giveUpMemory();
  }

  #ship(batch: Batch): void {
    void this.#shipper.take(batch).then(() => this.#batcher.reuse(batch));
  }
}
