/** Where a chart's plot area begins and ends, px from its sides: shared with what is drawn on the same time axis. */
export const PLOT_LEFT = 56;
export const PLOT_RIGHT = 24;
