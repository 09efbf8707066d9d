// The part of the heatmap that somebody marks, by dragging or with Shift and the arrow keys. Pure.
import { bucketsFilter, type Grid, type GridCell } from '../../latency-grid.ts';
import type { MeasureName } from '../../latency-view.ts';

/** Whole cells: a time, and durations from the lowest bucket to the highest, both included. */
export type Box = { from_ms: number; to_ms: number; lowest: number; highest: number };
/** Shares of the plot, from its left and its top. */
export type Point = { x: number; y: number };

const within = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);

/** The place of a point, moved into the grid if it lies outside. */
function placeAt({ time_s, lowest, highest }: Grid, { x, y }: Point): Pick<GridCell, 'step' | 'bucket'> {
  const step = within(Math.floor(x * time_s.length), 0, time_s.length - 1);
  return { step, bucket: within(highest - Math.floor(y * (highest - lowest + 1)), lowest, highest) };
}

const timeOf = ({ time_s, step_s }: Grid, step: number) => ((time_s[0] ?? 0) + step * step_s) * 1000;

export function boxBetween(grid: Grid, one: Point, other: Point): Box {
  const [a, b] = [placeAt(grid, one), placeAt(grid, other)];
  return {
    from_ms: timeOf(grid, Math.min(a.step, b.step)),
    to_ms: timeOf(grid, Math.max(a.step, b.step) + 1),
    lowest: Math.min(a.bucket, b.bucket),
    highest: Math.max(a.bucket, b.bucket),
  };
}

export const boxOf = (grid: Grid, { step, bucket }: Pick<GridCell, 'step' | 'bucket'>): Box => ({
  from_ms: timeOf(grid, step),
  to_ms: timeOf(grid, step + 1),
  lowest: bucket,
  highest: bucket,
});

/** The box, larger by a step or a bucket on the side of the arrow key, as far as the grid goes. */
export function grown(grid: Grid, box: Box, key: string): Box {
  const step_ms = grid.step_s * 1000;
  switch (key) {
    case 'ArrowLeft':
      return { ...box, from_ms: Math.max(timeOf(grid, 0), box.from_ms - step_ms) };
    case 'ArrowRight':
      return { ...box, to_ms: Math.min(timeOf(grid, grid.time_s.length), box.to_ms + step_ms) };
    case 'ArrowUp':
      return { ...box, highest: Math.min(grid.highest, box.highest + 1) };
    case 'ArrowDown':
      return { ...box, lowest: Math.max(grid.lowest, box.lowest - 1) };
    default:
      return box;
  }
}

export function countIn(grid: Grid, { from_ms, to_ms, lowest, highest }: Box): number {
  const inside = grid.cells.filter(({ step, bucket }) => {
    const at_ms = timeOf(grid, step);
    return at_ms >= from_ms && at_ms < to_ms && bucket >= lowest && bucket <= highest;
  });
  return inside.reduce((sum, { count }) => sum + count, 0);
}

/** A filter for the connections in the box; its time is not in it. */
export const boxFilter = (measure: MeasureName, { lowest, highest }: Pick<Box, 'lowest' | 'highest'>): string =>
  bucketsFilter(measure, lowest, highest);
