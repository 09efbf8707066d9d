// The time that is brushed in a chart. There is one of all charts together: their cursors are one, so new data in another takes the
// selection away here, too.

class Brush {
  /** the chart that the pointer went down in: the selection is its own, whatever others with the same cursor draw */
  chart = $state('');
  isDragging = $state(false);
  /** brushed, and not yet said what for */
  chosen = $state.raw<{ from_ms: number; to_ms: number } | null>(null);

  /** While it is so, charts stay as they are. */
  isHeld = $derived(this.isDragging || this.chosen !== null);

  begin(chart: string): void {
    this.chart = chart;
    this.isDragging = true;
    this.chosen = null;
  }

  /** @param chart undefined: of any chart */
  leave(chart?: string): void {
    if (chart === undefined || chart === this.chart) this.chosen = null;
  }
}

export const brush = new Brush();
