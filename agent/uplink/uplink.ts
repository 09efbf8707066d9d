// The way to a collector: rows are cut into batches, batches are shipped, and reports go beside them.

import { KINDS, type Kind } from '../../bpf/rows.gen.ts';
import type { Ledger } from '../account.ts';
import { type Batch, Batcher } from './batch.ts';
import { Reporter, type ReporterOptions } from './report.ts';
import { Shipper } from './ship.ts';

const FINISH_MS_MAX = 5000;
const LAST_REPORT_MS_MAX = 2000;

export class Uplink {
  readonly #batcher = new Batcher();
  readonly #shipper: Shipper;
  readonly #reporter: Reporter;
  readonly #ledger: Ledger;
  readonly #stopping = new AbortController();
  readonly #report_interval_ms: number;
  #report_at = 0;

  /** Reports come every `report_interval_ms`, also where sweeps come less often. */
  constructor({ report_interval_ms, ...options }: ReporterOptions & { queue_bytes: number; report_interval_ms: number }) {
    this.#report_interval_ms = report_interval_ms;
    this.#shipper = new Shipper({ ...options, host_id: options.source.host_id });
    this.#reporter = new Reporter(options);
    this.#ledger = options.ledger;
  }

  get queued_bytes(): number {
    return this.#shipper.queued_bytes;
  }

  /** Takes whole rows of one kind; copies them. */
  add(kind: Kind, rows: Uint8Array): void {
    this.#ledger[kind].drained += rows.length / KINDS[kind].size;
    for (const batch of this.#batcher.add(kind, rows, Date.now())) this.#ship(batch);
  }

  /** Sends off what is due: batches that have waited long enough, and a report. To be called when the rings are as empty as they get. */
  tick(): void {
    for (const batch of this.#batcher.due(Date.now())) this.#ship(batch);
    const now = performance.now();
    if (now < this.#report_at) return;
    this.#report_at = now + this.#report_interval_ms;
    void this.#reporter.send(this.#stopping.signal);
  }

  /** Ships what is left and the final account, within a bound. */
  async finish(): Promise<void> {
    this.#stopping.abort();
    for (const batch of this.#batcher.due(Number.POSITIVE_INFINITY)) this.#ship(batch);
    await this.#shipper.finish(FINISH_MS_MAX);
    await this.#reporter.sendLast(AbortSignal.timeout(LAST_REPORT_MS_MAX));
  }

  #ship(batch: Batch): void {
    void this.#shipper.take(batch).then(() => this.#batcher.reuse(batch));
  }
}
