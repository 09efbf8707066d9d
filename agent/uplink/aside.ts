// Sets a batch aside for a while when the collector has failed at it several times: the collector may well take others, and the batches
// behind this one in the spool must not wait for it.
import type { Parcel } from '../spool/spool.ts';

/** A batch is set aside after this many failures. */
const FAILURES_MAX = 3;
const ASIDE_MS = 30_000;
const ASIDE_MAX = 8;
const REMEMBERED_MAX = 64;

export class Aside {
  readonly #release: (parcel: Parcel) => void;
  readonly #failures = new Map<string, number>();
  readonly #aside = new Map<Parcel, NodeJS.Timeout>();

  constructor(release: (parcel: Parcel) => void) {
    this.#release = release;
  }

  /** The collector has failed at this batch: gives it back to the spool, at once or, after several failures, in ASIDE_MS. */
  failed(parcel: Parcel): void {
    const { host_id, epoch, kind, sequence } = parcel.batch;
    const name = `${host_id} ${epoch} ${kind} ${sequence}`;
    const failures = (this.#failures.get(name) ?? 0) + 1;
    if (this.#failures.size > REMEMBERED_MAX) this.#failures.clear();
    this.#failures.set(name, failures);
    if (failures < FAILURES_MAX || this.#aside.size >= ASIDE_MAX) this.#release(parcel);
    else
      this.#aside.set(
        parcel,
        setTimeout(() => this.#end(parcel), ASIDE_MS),
      );
  }

  releaseAll(): void {
    for (const parcel of [...this.#aside.keys()]) this.#end(parcel);
  }

  #end(parcel: Parcel): void {
    clearTimeout(this.#aside.get(parcel));
    this.#aside.delete(parcel);
    this.#release(parcel);
  }
}
