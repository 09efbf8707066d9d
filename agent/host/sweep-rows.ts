// What a look into each network namespace becomes: a row of kind `namespace` where its counters have moved, and the overflows
// of its listeners' rows.
import type { Kind, KindCounters } from '../../bpf/rows/rows.gen.ts';
import type { NetnsLook } from './sweep-counters.ts';
import { NamespaceLedger } from './sweep-ledger.ts';
import { ListenerOverflows } from './sweep-overflows.ts';
import { type Lifetimes, UnseenConnections } from './sweep-unseen.ts';

/** The calls of the loader that it needs. */
export type Looker = {
  /** looks behind a path, or says why not by the name of an errno */
  sweep(path: string, first: boolean): NetnsLook | string;
  /** sockets that are older than the namespace's first look are met with the sweep */
  meet(path: string): void;
  sweeping(): { more: boolean; finished: number; alive: number; slices: number };
  lifetimes(): Lifetimes;
};

export class SweepRows {
  readonly #looker: Looker;
  readonly #ledger: NamespaceLedger;
  readonly #overflows = new ListenerOverflows();
  readonly #unseen = new UnseenConnections();
  #finished = 0;

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
      this.#unseen.beforeSweep(this.#looker.lifetimes());
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

  /** Whether the sweep has more. */
  isUnderWay(): boolean {
    const { more, finished, alive, slices } = this.#looker.sweeping();
    if (finished !== this.#finished) this.#unseen.afterSweep(this.#looker.lifetimes(), alive, slices > 1);
    this.#finished = finished;
    return more;
  }

  /** The programs' counters, with what is counted here: rows of kind `namespace`, and connections that no program saw begin or end. */
  counters(of_programs: Record<Kind, KindCounters>): Record<Kind, KindCounters> {
    const { written, lost } = this.#ledger;
    return {
      ...of_programs,
      connection: { ...of_programs.connection, missed: this.#unseen.count },
      namespace: { ...of_programs.namespace, written, ring_lost: lost },
    };
  }
}
