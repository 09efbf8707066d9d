// uPlot's options for the three shapes of charts. Colours are passed as rgb(), since a canvas does not know custom properties.
import uPlot from 'uplot';
import type { ChartShape } from './chart-series.ts';
import { PLOT_LEFT, PLOT_RIGHT } from './plot-insets.ts';
import { TIME_STEPS_S, timeLabels } from './time-axis.ts';

export type ChartLook = { text: string; grid: string; colors: readonly string[] };

export type ChartSetup = {
  shape: ChartShape;
  width: number;
  height: number;
  look: ChartLook;
  format: (value: number) => string;
  /** Charts with the same key share their cursor. */
  syncKey: string;
  /** Range of the x axis, s since the epoch. */
  xRange: () => [number, number];
  onCursor: (at: number | null) => void;
  /** Returns whether the selection stays marked. */
  onSelect: (from_s: number, to_s: number) => boolean;
};

const FONT = '11px system-ui, "DejaVu Sans", sans-serif';

export function chartOptions(setup: ChartSetup): uPlot.Options {
  const { shape, look } = setup;
  const axis = { stroke: look.text, font: FONT, grid: { stroke: look.grid, width: 1 }, ticks: { stroke: look.grid, width: 1, size: 4 } };
  return {
    width: setup.width,
    height: setup.height,
    padding: [8, PLOT_RIGHT, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: shape !== 'stack', size: 6 },
      sync: { key: setup.syncKey, setSeries: false },
      drag: { x: true, y: false, setScale: false },
    },
    scales: { x: { time: true, range: setup.xRange }, y: yScale(shape) },
    axes: [
      {
        ...axis,
        space: 80,
        incrs: [...TIME_STEPS_S],
        size: 24,
        gap: 4,
        values: (_chart, splits, _axis, _space, step_s) => timeLabels(splits, step_s),
      },
      {
        ...axis,
        grid: { ...axis.grid, ...(shape === 'log' ? { filter: decadesOnly } : {}) },
        size: PLOT_LEFT,
        gap: 4,
        space: 28,
        // On a logarithmic axis uPlot passes null for splits without a label.
        values: (_chart, splits) => splits.map((value: number | null) => (value === null ? '' : setup.format(value))),
      },
    ],
    series: [{}, ...look.colors.map((color) => seriesOf(shape, color))],
    hooks: {
      setCursor: [(chart) => setup.onCursor(chart.cursor.idx ?? null)],
      setSelect: [(chart) => takeSelection(chart, setup.onSelect)],
    },
  };
}

/** Grid lines at decades only: nine lines in each decade are too many for a small chart. */
const decadesOnly = (_chart: uPlot, splits: number[]) => splits.map((value) => (Number.isInteger(Math.log10(value)) ? value : null));

function yScale(shape: ChartShape): uPlot.Scale {
  if (shape === 'log') return { distr: 3, log: 10 };
  return { range: (_chart, _low, high) => [0, high > 0 ? high * 1.1 : 1] };
}

function seriesOf(shape: ChartShape, color: string): uPlot.Series {
  if (shape === 'stack') {
    const paths = uPlot.paths.stepped?.({ align: 1 });
    return { stroke: color, fill: color, width: 0, points: { show: false }, ...(paths && { paths }) };
  }
  return { stroke: color, width: 1.5, spanGaps: false, points: { show: true, size: 3, width: 0, fill: color, filter: lonely } };
}

/** Points between two gaps. No line reaches them, so they are drawn as dots. */
function lonely(chart: uPlot, seriesAt: number): number[] {
  const values = chart.data[seriesAt] ?? [];
  const dots: number[] = [];
  for (const [at, value] of values.entries()) {
    if (value != null && values[at - 1] == null && values[at + 1] == null) dots.push(at);
  }
  return dots;
}

function takeSelection(chart: uPlot, onSelect: ChartSetup['onSelect']): void {
  const { left, width } = chart.select;
  if (width < 4) return;
  const [from_s, to_s] = [chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x')];
  if (!onSelect(from_s, to_s)) chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}
