// Sends batches to the collector until it has acknowledged them. A batch is compressed once and every attempt carries
// the same bytes under the same sequence, so the collector can tell a repetition from news.
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { KINDS } from '../../bpf/rows.gen.ts';
import type { Ledger, Outcome } from '../account.ts';
import { HEADERS, ROWS_PATH } from '../batch-envelope.ts';
import { Every, type Log } from '../log.ts';
import type { Batch } from './batch.ts';
import { type Answer, post } from './post.ts';
import { retryDelayMs } from './retry.ts';
import { type Queued, SendQueue } from './send-queue.ts';

const compress = promisify(zstdCompress);
/** One piece of output for nearly every batch: each costs a round through the thread pool. */
const PIECE_BYTES = 128 * 1024;
const COMPRESSION = { chunkSize: PIECE_BYTES, params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Enough to hide the collector's fsync, few enough to stay in order mostly. */
const IN_FLIGHT_MAX = 4;
const COMPLAINT_PERIOD_MS = 10_000;

export type ShipOptions = {
  collector: string;
  host_id: bigint;
  /** 16 hex digits, new with every start */
  epoch: string;
  queue_bytes: number;
  ledger: Ledger;
  log: Log;
};

/** The host id and the epoch as headers and reports spell them. */
export function hex64(id: bigint): string {
  return id.toString(16).padStart(16, '0');
}

export class Shipper {
  readonly #options: ShipOptions;
  readonly #queue: SendQueue;
  readonly #abort = new AbortController();
  readonly #complaint = new Every(COMPLAINT_PERIOD_MS);
  #in_flight = 0;
  #failures = 0;
  /** Set while the collector is left alone after a failure. */
  #pause: NodeJS.Timeout | undefined;
  #emptied: (() => void) | undefined;

  constructor(options: ShipOptions) {
    this.#options = options;
    this.#queue = new SendQueue(options.queue_bytes);
  }

  get queued_bytes(): number {
    return this.#queue.bytes;
  }

  /**
   * Takes a batch, whose rows are in the ledger as drained. What does not fit any more is dropped, oldest first, and
   * counted. Resolves when its bytes are not read any more: once they are compressed, long before they are sent.
   */
  async take({ kind, sequence, rows, bytes }: Batch): Promise<void> {
    const batch: Queued = {
      kind,
      sequence,
      rows,
      payload: Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length),
      ready: false,
      in_flight: false,
    };
    this.#drop(this.#queue.push(batch));
    await this.#compress(batch);
  }

  /**
   * Sends what is left, trying once more at once even if the collector failed before, for at most `ms`. What is still
   * there then is counted as dropped.
   */
  async finish(ms: number): Promise<void> {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#pump();
    if (this.#queue.length > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      this.#emptied = resolve;
      await promise;
      clearTimeout(timer);
    }
    this.#drop(this.#queue.clear());
    clearTimeout(this.#pause);
    this.#abort.abort();
  }

  async #compress(batch: Queued): Promise<void> {
    const compressed = await compress(batch.payload, COMPRESSION);
    // A little in a large piece is copied: the piece would be kept as long as the little.
    const payload = compressed.length < PIECE_BYTES / 2 ? new Uint8Array(compressed) : compressed;
    if (this.#queue.ready(batch, payload)) this.#pump();
  }

  #pump(): void {
    // After a failure one batch at a time asks whether the collector is back.
    const limit = this.#failures > 0 ? 1 : IN_FLIGHT_MAX;
    while (this.#pause === undefined && this.#in_flight < limit) {
      const batch = this.#queue.next();
      if (batch === undefined) return;
      void this.#send(batch);
    }
  }

  async #send(batch: Queued): Promise<void> {
    batch.in_flight = true;
    this.#in_flight++;
    const answer = await post(this.#options.collector + ROWS_PATH, this.#headers(batch), batch.payload, this.#abort.signal);
    this.#in_flight--;
    batch.in_flight = false;
    if (this.#abort.signal.aborted) return;
    this.#settle(batch, answer);
    this.#pump();
  }

  #settle(batch: Queued, answer: Answer): void {
    if (answer.verdict === 'retry') {
      this.#backOff(answer);
      return;
    }
    this.#failures = 0;
    this.#queue.remove(batch);
    this.#count([batch], answer.verdict === 'accepted' ? 'sent' : 'rejected');
    if (answer.verdict === 'rejected') this.#complain(`the collector refused ${batch.rows} ${batch.kind} rows for good: ${answer.reason}`);
    if (this.#queue.length === 0) this.#emptied?.();
  }

  #backOff({ reason, retry_after_ms }: Answer): void {
    // Attempts that were under way together fail together: that is one failure.
    if (this.#pause !== undefined) return;
    this.#failures++;
    const delay = retry_after_ms ?? retryDelayMs(this.#failures, Math.random());
    this.#complain(`the collector does not take rows, next attempt in ${delay} ms, ${this.#queue.length} batches wait: ${reason}`);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#pump();
    }, delay);
  }

  #drop(batches: Queued[]): void {
    this.#count(batches, 'queue_dropped');
    const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
    if (rows > 0)
      this.#complain(`dropped ${rows} unsent rows, the oldest: the queue of ${this.#options.queue_bytes} bytes is full or the agent stops`);
  }

  #count(batches: Queued[], outcome: Outcome): void {
    for (const { kind, rows } of batches) this.#options.ledger[kind][outcome] += rows;
  }

  #complain(message: string): void {
    this.#complaint.run(Date.now(), (held) => this.#options.log.warn({ held }, message));
  }

  #headers({ kind, sequence }: Queued): Record<string, string> {
    return {
      'content-type': 'application/octet-stream',
      'content-encoding': 'zstd',
      [HEADERS.schema]: KINDS[kind].schema,
      [HEADERS.hostId]: hex64(this.#options.host_id),
      [HEADERS.epoch]: this.#options.epoch,
      [HEADERS.sequence]: String(sequence),
    };
  }
}
