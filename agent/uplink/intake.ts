// Takes batches as they are cut, compresses them, and hands them to the spool in the order in which they were cut.
import { KINDS } from '../../bpf/rows/rows.gen.ts';
import type { Accounting } from '../accounts/accounting.ts';
import type { Parcel, Spool } from '../spool/spool.ts';
import type { Batch } from './batch.ts';
import { compress } from './compress.ts';

export type IntakeOptions = {
  host_id: string;
  epoch: string;
  spool: Spool;
  accounting: Accounting;
  memory_bytes: number;
  onParcel: (parcel: Parcel) => void;
};

export class Intake {
  readonly #options: IntakeOptions;
  #turn: Promise<void> = Promise.resolve();
  #bytes = 0;
  /** that batches may hold before they are in the spool; may change at any time */
  memory_bytes: number;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.memory_bytes = options.memory_bytes;
  }

  /** held by batches that are not in the spool yet */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a batch, or drops it where compression or the disk is so far behind that memory is full. Resolves when nobody reads the batch's
   * buffer any more: once it is compressed, long before it is sent.
   */
  async take({ kind, sequence, rows, bytes }: Batch): Promise<void> {
    const { host_id, epoch, spool, accounting, onParcel } = this.#options;
    const cut_at_ms = Date.now();
    const { length } = bytes;
    if (this.#bytes > 0 && this.#bytes + length > this.memory_bytes) {
      accounting.add(epoch, kind, 'memory_dropped', rows, cut_at_ms);
      return;
    }
    this.#bytes += length;
    const compressing = compress(bytes).then((payload) => {
      this.#bytes += payload.length - length;
      return payload;
    });
    this.#turn = this.#turn.then(async () => {
      const payload = await compressing;
      const { schema } = KINDS[kind];
      onParcel(await spool.append({ host_id, epoch, kind, schema, sequence, rows, cut_at_ms, payload }));
      this.#bytes -= payload.length;
    });
    await compressing;
  }

  /** Resolves when every batch that was taken is in the spool. */
  settled(): Promise<void> {
    return this.#turn;
  }
}
