// Draws the grid on a canvas: stronger colour for larger counts, lines of median and 99th percentile, marks of the kernel's timers.
import { PLOT_LEFT, PLOT_RIGHT } from '../../charts/plot-insets.ts';
import { TIME_STEPS_S, timeLabels } from '../../charts/time-axis.ts';
import { formatDurationUs } from '../../format.ts';
import { type Grid, type GridCell, MARKS, placeOf } from '../../latency-grid.ts';
import type { Box } from './box.ts';

export type Look = { text: string; grid: string; cell: string; p50: string; p99: string; mark: string; cursor: string };
export type Size = { width: number; height: number };
/** px above and below the plot */
export const PLOT_TOP = 8;
export const PLOT_BOTTOM = 24;
const LABEL_PX = 80;
/** Least opacity, so that even a single one among many is visible. */
const FAINTEST = 0.15;

/** What somebody points at, and what is marked. */
export type Marked = { cell: GridCell | undefined; box: Box | undefined };

export function drawHeatmap(context: CanvasRenderingContext2D, size: Size, grid: Grid, look: Look, { cell, box }: Marked): void {
  const plot = plotOf(context, size, grid, look);
  context.clearRect(0, 0, size.width, size.height);
  context.font = '11px system-ui, "DejaVu Sans", sans-serif';
  drawTimes(plot);
  drawDurations(plot);
  drawCells(plot);
  drawMarks(plot);
  drawQuantile(plot, grid.p50_us, look.p50);
  drawQuantile(plot, grid.p99_us, look.p99);
  if (box) drawBox(plot, box);
  else if (cell) drawCursor(plot, cell);
}

/** `x`, `y`: functions from a step, and from a position on the axis, to px. `stepWidth`, `rowHeight`: size of a cell. */
type Plot = {
  context: CanvasRenderingContext2D;
  grid: Grid;
  look: Look;
  left: number;
  right: number;
  bottom: number;
  x: (step: number) => number;
  y: (place: number) => number;
  stepWidth: number;
  rowHeight: number;
};

function plotOf(context: CanvasRenderingContext2D, { width, height }: Size, grid: Grid, look: Look): Plot {
  const [left, right, bottom] = [PLOT_LEFT, width - PLOT_RIGHT, height - PLOT_BOTTOM];
  const stepWidth = (right - left) / Math.max(1, grid.time_s.length);
  const rowHeight = (bottom - PLOT_TOP) / (grid.highest - grid.lowest + 1);
  const x = (step: number) => left + step * stepWidth;
  const y = (place: number) => PLOT_TOP + (grid.highest + 1 - place) * rowHeight;
  return { context, grid, look, left, right, bottom, x, y, stepWidth, rowHeight };
}

const isOnAxis = ({ grid }: Plot, us: number) => placeOf(us) >= grid.lowest && placeOf(us) <= grid.highest + 1;

function drawLevel({ context, left, right, y }: Plot, us: number): void {
  context.beginPath();
  context.moveTo(left, y(placeOf(us)));
  context.lineTo(right, y(placeOf(us)));
  context.stroke();
}

function drawDurations(plot: Plot): void {
  const { context, look, left, y } = plot;
  context.fillStyle = look.text;
  context.strokeStyle = look.grid;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (let us = 1; us <= 1e9; us *= 10) {
    if (!isOnAxis(plot, us)) continue;
    drawLevel(plot, us);
    context.fillText(formatDurationUs(us), left - 4, y(placeOf(us)));
  }
}

function drawTimes({ context, grid, look, bottom, x, stepWidth }: Plot): void {
  context.fillStyle = look.text;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  const apart_s = TIME_STEPS_S.find((apart) => (apart / grid.step_s) * stepWidth >= LABEL_PX) ?? grid.step_s;
  const labelled = grid.time_s.flatMap((time_s, step) => (time_s % apart_s === 0 ? [{ time_s, step }] : []));
  const labels = timeLabels(
    labelled.map(({ time_s }) => time_s),
    apart_s,
  );
  for (const [index, { step }] of labelled.entries()) context.fillText(labels[index] ?? '', x(step), bottom + 6);
}

function drawCells({ context, grid, look, x, y, stepWidth, rowHeight }: Plot): void {
  context.fillStyle = look.cell;
  for (const { step, bucket, count } of grid.cells) {
    context.globalAlpha = FAINTEST + (1 - FAINTEST) * Math.sqrt(count / grid.most);
    context.fillRect(x(step), y(bucket + 1), Math.max(1, stepWidth), Math.max(1, rowHeight));
  }
  context.globalAlpha = 1;
}

function drawMarks(plot: Plot): void {
  const { context, look, right, y } = plot;
  context.strokeStyle = look.mark;
  context.fillStyle = look.text;
  context.textAlign = 'right';
  context.textBaseline = 'bottom';
  context.setLineDash([4, 4]);
  for (const { us, label } of MARKS) {
    if (!isOnAxis(plot, us)) continue;
    drawLevel(plot, us);
    context.fillText(label, right - 2, y(placeOf(us)) - 1);
  }
  context.setLineDash([]);
}

/** A step without a figure is a gap. */
function drawQuantile({ context, x, y }: Plot, values: readonly (number | null)[], color: string): void {
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const [step, us] of values.entries()) {
    if (us === null) continue;
    if ((values[step - 1] ?? null) === null) context.moveTo(x(step), y(placeOf(us)));
    else context.lineTo(x(step), y(placeOf(us)));
    context.lineTo(x(step + 1), y(placeOf(us)));
  }
  context.stroke();
  context.lineWidth = 1;
}

function drawCursor({ context, look, x, y, stepWidth, rowHeight }: Plot, { step, bucket }: GridCell): void {
  context.strokeStyle = look.cursor;
  context.lineWidth = 2;
  context.strokeRect(x(step) - 1, y(bucket + 1) - 1, stepWidth + 2, rowHeight + 2);
  context.lineWidth = 1;
}

function drawBox({ context, look, grid, left, right, x, y }: Plot, { from_ms, to_ms, lowest, highest }: Box): void {
  const at = (ms: number) => Math.min(right, Math.max(left, x((ms / 1000 - (grid.time_s[0] ?? 0)) / grid.step_s)));
  context.strokeStyle = look.cursor;
  context.lineWidth = 2;
  context.setLineDash([6, 3]);
  context.strokeRect(at(from_ms), y(highest + 1), at(to_ms) - at(from_ms), y(lowest) - y(highest + 1));
  context.setLineDash([]);
  context.lineWidth = 1;
}
