export type ChartSeries = {
  label: string;
  /** Custom property of palette.css. */
  color: string;
  /** One a step; null is a gap. */
  values: readonly (number | null)[];
  /** What a pointer resting on the legend reads. */
  meaning?: string;
};

/** How a chart draws: `stack` zero-based areas on top of each other, `lines` zero-based, `log` lines on a logarithmic scale. */
export type ChartShape = 'stack' | 'lines' | 'log';
