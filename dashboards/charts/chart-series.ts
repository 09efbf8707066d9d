export type ChartSeries = {
  label: string;
  /** name of a custom property of palette.css */
  color: string;
  /** one for each step; null: gap */
  values: readonly (number | null)[];
  /** tooltip of the legend */
  meaning?: string;
};

/** `stack`: areas on top of each other, from zero. `lines`: from zero. `log`: lines on a logarithmic scale. */
export type ChartShape = 'stack' | 'lines' | 'log';
