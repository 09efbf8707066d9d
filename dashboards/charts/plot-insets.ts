/** Margins of a chart's plot area, px; other drawings on the same time axis use them too. */
export const PLOT_LEFT = 56;
export const PLOT_RIGHT = 24;
