// Draws the grid on a canvas: darker where more, lines of the median and of the 99th percentile, and marks of the kernel's timers.
import { PLOT_LEFT, PLOT_RIGHT } from '../../charts/plot-insets.ts';
import { TIME_STEPS_S, timeLabels } from '../../charts/time-axis.ts';
import { formatDurationUs } from '../../format.ts';
import { type Grid, type GridCell, MARKS, placeOf } from '../../latency-grid.ts';

export type Look = { text: string; grid: string; cell: string; p50: string; p99: string; mark: string; cursor: string };
export type Size = { width: number; height: number };
/** px above and below the plot */
export const PLOT_TOP = 8;
export const PLOT_BOTTOM = 24;
const LABEL_PX = 80;
/** A single one of many must be seen, too. */
const FAINTEST = 0.15;

export function drawHeatmap(
  context: CanvasRenderingContext2D,
  { width, height }: Size,
  grid: Grid,
  look: Look,
  at: GridCell | undefined,
): void {
  const [plotWidth, plotHeight] = [width - PLOT_LEFT - PLOT_RIGHT, height - PLOT_TOP - PLOT_BOTTOM];
  const [steps, rows] = [grid.time_s.length, grid.highest - grid.lowest + 1];
  const xOf = (step: number) => PLOT_LEFT + (step / Math.max(1, steps)) * plotWidth;
  const yOf = (place: number) => PLOT_TOP + ((grid.highest + 1 - place) / rows) * plotHeight;
  const isOnAxis = (us: number) => placeOf(us) >= grid.lowest && placeOf(us) <= grid.highest + 1;
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, "DejaVu Sans", sans-serif';

  function axes(): void {
    context.fillStyle = look.text;
    context.strokeStyle = look.grid;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (let us = 1; us <= 1e9; us *= 10) {
      if (!isOnAxis(us)) continue;
      line([PLOT_LEFT, yOf(placeOf(us))], [PLOT_LEFT + plotWidth, yOf(placeOf(us))]);
      context.fillText(formatDurationUs(us), PLOT_LEFT - 4, yOf(placeOf(us)));
    }
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const long_s = TIME_STEPS_S.find((step_s) => (step_s / grid.step_s / Math.max(1, steps)) * plotWidth >= LABEL_PX) ?? grid.step_s;
    const labelled = grid.time_s.flatMap((time_s, step) => (time_s % long_s === 0 ? [{ time_s, step }] : []));
    const labels = timeLabels(
      labelled.map(({ time_s }) => time_s),
      long_s,
    );
    for (const [index, { step }] of labelled.entries()) context.fillText(labels[index] ?? '', xOf(step), PLOT_TOP + plotHeight + 6);
  }

  function line(from: [number, number], to: [number, number]): void {
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  }

  function cells(): void {
    context.fillStyle = look.cell;
    for (const { step, bucket, count } of grid.cells) {
      context.globalAlpha = FAINTEST + (1 - FAINTEST) * Math.sqrt(count / grid.most);
      context.fillRect(xOf(step), yOf(bucket + 1), Math.max(1, plotWidth / steps), Math.max(1, plotHeight / rows));
    }
    context.globalAlpha = 1;
  }

  function marks(): void {
    context.strokeStyle = look.mark;
    context.fillStyle = look.text;
    context.textAlign = 'right';
    context.textBaseline = 'bottom';
    context.setLineDash([4, 4]);
    for (const { us, label } of MARKS) {
      if (!isOnAxis(us)) continue;
      const y = yOf(placeOf(us));
      line([PLOT_LEFT, y], [PLOT_LEFT + plotWidth, y]);
      context.fillText(label, PLOT_LEFT + plotWidth - 2, y - 1);
    }
    context.setLineDash([]);
  }

  /** A step without a figure is a gap. */
  function quantile(values: readonly (number | null)[], color: string): void {
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.beginPath();
    for (const [step, us] of values.entries()) {
      if (us === null) continue;
      const y = yOf(placeOf(us));
      if ((values[step - 1] ?? null) === null) context.moveTo(xOf(step), y);
      else context.lineTo(xOf(step), y);
      context.lineTo(xOf(step + 1), y);
    }
    context.stroke();
    context.lineWidth = 1;
  }

  axes();
  cells();
  marks();
  quantile(grid.p50_us, look.p50);
  quantile(grid.p99_us, look.p99);
  if (at === undefined) return;
  context.strokeStyle = look.cursor;
  context.lineWidth = 2;
  context.strokeRect(xOf(at.step) - 1, yOf(at.bucket + 1) - 1, plotWidth / steps + 2, plotHeight / rows + 2);
  context.lineWidth = 1;
}
