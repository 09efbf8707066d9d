// What a look into each network namespace becomes: a row of kind `namespace` where its counters have moved, and the overflows
// of its listeners' rows.
import type { NetnsLook } from './sweep-counters.ts';
import { NamespaceLedger } from './sweep-ledger.ts';
import { ListenerOverflows } from './sweep-overflows.ts';

/** What of the loader it needs. */
export type Looker = {
  /** looks behind a path, or says why not by the name of an errno */
  sweep(path: string, first: boolean): NetnsLook | string;
  /** sockets that are older than the namespace's first look are met with the sweep */
  meet(path: string): void;
};

export class SweepRows {
  readonly #looker: Looker;
  readonly #ledger: NamespaceLedger;
  readonly #overflows = new ListenerOverflows();

  constructor(looker: Looker, host_id: bigint) {
    this.#looker = looker;
    this.#ledger = new NamespaceLedger(host_id);
  }

  /** Looks into one namespace, `first` in a round. */
  look(path: string, first: boolean): NetnsLook | string {
    const look = this.#looker.sweep(path, first);
    if (typeof look === 'string') return look;
    if (first) {
      this.#ledger.begin();
      this.#overflows.begin();
    }
    const { is_new, overflows } = this.#ledger.enter(look);
    this.#overflows.counted(look.cookie, overflows);
    if (is_new) this.#looker.meet(path);
    return look;
  }

  /** Rows of kind `namespace`; returns bytes. */
  drain(into: Uint8Array): number {
    return this.#ledger.drain(into);
  }

  /** Completes rows of kind `listener`. */
  complete(rows: Uint8Array): void {
    this.#overflows.complete(rows);
  }

  /** Rows of kind `namespace`. */
  get counters(): { written: number; ring_lost: number } {
    return { written: this.#ledger.written, ring_lost: this.#ledger.lost };
  }
}
