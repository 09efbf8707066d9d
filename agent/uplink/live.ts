// Batches that were just cut, kept in memory so that they can be sent without reading the disk. One that has not been sent after a short
// while is given back to the spool.
import type { Parcel } from '../spool/spool.ts';

const LIVE_MS_MAX = 2000;
const LIVE_BYTES_MAX = 8 * 1024 * 1024;

export class Live {
  readonly #parcels: { parcel: Parcel; since_ms: number }[] = [];
  readonly #ms_max: number;
  #bytes = 0;

  constructor(msMax = LIVE_MS_MAX) {
    this.#ms_max = msMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#parcels.length;
  }

  add(parcel: Parcel, now_ms: number): void {
    this.#parcels.push({ parcel, since_ms: now_ms });
    this.#bytes += parcel.batch.payload.length;
  }

  /** Takes the oldest out. */
  shift(): Parcel | undefined {
    const { parcel } = this.#parcels.shift() ?? {};
    this.#bytes -= parcel?.batch.payload.length ?? 0;
    return parcel;
  }

  /** Takes out the batches that are too old, and the oldest while there are too many bytes; all when `now_ms` is Infinity. */
  *overdue(now_ms: number): Generator<Parcel> {
    for (let [first] = this.#parcels; first !== undefined; [first] = this.#parcels) {
      if (now_ms - first.since_ms < this.#ms_max && this.#bytes <= LIVE_BYTES_MAX) return;
      this.shift();
      yield first.parcel;
    }
  }
}
