// Connections whose beginning or end reached no program: no program could write the first or last row of these.

/** How many connections the programs have known (bpf/rows/lifetimes.h). */
export type Lifetimes = { begun: number; ended: number; unopened: number };

export class UnseenConnections {
  #before: Lifetimes = { begun: 0, ended: 0, unopened: 0 };
  #unended = 0;
  #unopened = 0;

  /** How many rows are missing at least. Never falls. */
  get count(): number {
    return this.#unended + this.#unopened;
  }

  beforeSweep(now: Lifetimes): void {
    this.#before = now;
  }

  /**
   * Counts connections that began, less those that ended and those that the sweep has met, `alive`. Never too many: one that ends during
   * the sweep is taken off whether or not the sweep had met it. A sweep in slices may pass over as many as ended between two slices, so
   * these are taken off once more. In a quiet moment the figure is exact.
   */
  afterSweep(now: Lifetimes, alive: number, is_in_slices: boolean): void {
    const passed_over = is_in_slices ? now.ended - this.#before.ended : 0;
    this.#unended = Math.max(this.#unended, this.#before.begun - now.ended - alive - passed_over);
    this.#unopened = now.unopened;
  }
}
