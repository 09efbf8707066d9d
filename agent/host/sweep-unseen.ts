// Connections whose beginning or end reached no program: the first or last row of each nobody could write.

/** How many connections the programs have known (bpf/rows/lifetimes.h). */
export type Lifetimes = { begun: number; ended: number; unopened: number };

export class UnseenConnections {
  #before: Lifetimes = { begun: 0, ended: 0, unopened: 0 };
  #unended = 0;
  #unopened = 0;

  /** At least so many rows are missing. Never falls. */
  get count(): number {
    return this.#unended + this.#unopened;
  }

  beforeSweep(now: Lifetimes): void {
    this.#before = now;
  }

  /**
   * What began, less what ended and what the sweep has met, `alive`. Never too many: what ends while the sweep is under way is taken
   * off whether or not the sweep had met it. A sweep in slices may pass over as many as went between two of them, so it is
   * taken off once more. A quiet moment gives the exact figure.
   */
  afterSweep(now: Lifetimes, alive: number, is_in_slices: boolean): void {
    const passed_over = is_in_slices ? now.ended - this.#before.ended : 0;
    this.#unended = Math.max(this.#unended, this.#before.begun - now.ended - alive - passed_over);
    this.#unopened = now.unopened;
  }
}
