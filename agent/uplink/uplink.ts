// The way to a collector: rows are cut into batches, batches are kept and shipped, and reports go beside them.

import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { type Ledger, ledgerOf } from '../accounts/ledger.ts';
import type { Opened } from '../spool/open.ts';
import { type Batch, Batcher } from './batch.ts';
import type { Answered } from './client.ts';
import { Reporter, type ReporterOptions } from './report.ts';
import { type ShipOptions, Shipper } from './ship.ts';

const FINISH_MS_MAX = 5000;
const LAST_REPORT_MS_MAX = 5000;

export type UplinkOptions = Omit<ReporterOptions, 'spool'> & { spool: Opened; report_interval_ms: number } & Pick<
    ShipOptions,
    'onAnswer' | 'memory_bytes'
  >;

export class Uplink {
  readonly #batcher = new Batcher();
  readonly #shipper: Shipper;
  readonly #reporter: Reporter;
  readonly #spool: Opened;
  readonly #epoch: string;
  readonly #stopping = new AbortController();
  readonly #report_interval_ms: number;
  readonly #client: UplinkOptions['client'];
  #report_at = 0;
  #is_closed = false;

  /** Reports come every `report_interval_ms`, also where sweeps come less often. */
  constructor({ report_interval_ms, ...options }: UplinkOptions) {
    const { run, spool } = options;
    this.#report_interval_ms = report_interval_ms;
    this.#shipper = new Shipper({ ...options, ...spool, ...run });
    this.#reporter = new Reporter(options);
    this.#spool = spool;
    this.#client = options.client;
    this.#epoch = run.epoch;
  }

  get ledger(): Ledger {
    return ledgerOf(this.#spool.accounting, this.#epoch);
  }

  /** How requests were answered, since the start. */
  get answered(): Iterable<Readonly<Answered>> {
    return this.#client.answered;
  }

  /** What no collector has yet, compressed, wherever it is. */
  get waiting_bytes(): number {
    return this.#shipper.memory_bytes + this.#spool.spool.waiting_bytes;
  }

  /** Memory that batches hold, and the size of the spool's files. */
  get bytes(): { memory: number; disk: number } {
    return { memory: this.#shipper.memory_bytes, disk: this.#spool.spool.bytes.disk };
  }

  /** Takes whole rows of one kind; copies them. */
  add(kind: Kind, rows: Uint8Array): void {
    this.#spool.accounting.add(this.#epoch, kind, 'seen', rows.length / KINDS[kind].size, Date.now());
    for (const batch of this.#batcher.add(kind, rows, performance.now())) this.#ship(batch);
  }

  /** Sends off what is due: batches that have waited long enough, and a report. To be called when the rings are as empty as they get. */
  tick(): void {
    for (const batch of this.#batcher.due(performance.now())) this.#ship(batch);
    this.#shipper.tick();
    const now = performance.now();
    if (now < this.#report_at) return;
    this.#report_at = now + this.#report_interval_ms;
    void this.#reporter.send(this.#stopping.signal);
  }

  /** Ships what is left and the final account, within a bound; what is left then is the next run's to send. */
  async finish(): Promise<void> {
    await this.#shipRest(FINISH_MS_MAX);
    await this.#reporter.sendLast(AbortSignal.timeout(LAST_REPORT_MS_MAX));
    await this.close();
  }

  /** Ends at once: what no collector has is the next run's to send. Does nothing after `finish`. */
  async close(): Promise<void> {
    if (this.#is_closed) return;
    this.#is_closed = true;
    await this.#shipRest(0);
    await this.#spool.close();
  }

  async #shipRest(ms_max: number): Promise<void> {
    this.#stopping.abort();
    for (const batch of this.#batcher.due(Number.POSITIVE_INFINITY)) this.#ship(batch);
    await this.#shipper.finish(ms_max);
    await this.#spool.spool.giveUpMemory();
  }

  #ship(batch: Batch): void {
    void this.#shipper.take(batch).then(() => this.#batcher.reuse(batch));
  }
}
