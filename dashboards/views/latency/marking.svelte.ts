// Marks a box of the heatmap: by dragging, or cell by cell with Shift and the arrow keys. Once it is marked, buttons say what can be done.
import type { Grid, GridCell } from '../../latency-grid.ts';
import { type Box, boxBetween, boxOf, grown, type Point } from './box.ts';

/** A pointer that moved less was a click. As shares of the plot. */
const LEAST = 0.005;

export class Marking {
  box = $state.raw<Box | undefined>();
  /** whether the box is complete */
  isMarked = $state(false);
  #from: Point | undefined;

  begin(from: Point): void {
    this.leave();
    this.#from = from;
  }

  /** @returns whether a box is being drawn */
  move(grid: Grid, to: Point): boolean {
    const from = this.#from;
    if (from === undefined) return false;
    if (this.box !== undefined || Math.hypot(to.x - from.x, to.y - from.y) >= LEAST) this.box = boxBetween(grid, from, to);
    return this.box !== undefined;
  }

  /** The pointer goes up. @returns whether it was a click: nothing was drawn */
  end(): boolean {
    const isClick = this.#from !== undefined && this.box === undefined;
    this.#from = undefined;
    this.isMarked = this.box !== undefined;
    return isClick;
  }

  /** @param from where the box begins, if there is none yet */
  grow(grid: Grid, from: GridCell, key: string): void {
    this.box = grown(grid, this.box ?? boxOf(grid, from), key);
  }

  complete(): void {
    this.isMarked = this.box !== undefined;
  }

  leave(): void {
    this.box = undefined;
    this.isMarked = false;
  }
}
