// The time that is brushed in a chart. All charts share one brush, since they share a cursor: new data in another chart would remove the
// selection here, too.

class Brush {
  /** The chart in which the pointer went down. Only it has the selection, although charts with the same cursor draw it too. */
  chart = $state('');
  isDragging = $state(false);
  /** The brushed time, until an action is chosen for it. */
  chosen = $state.raw<{ from_ms: number; to_ms: number } | null>(null);

  /** While true, charts take no new data. */
  isHeld = $derived(this.isDragging || this.chosen !== null);

  begin(chart: string): void {
    this.chart = chart;
    this.isDragging = true;
    this.chosen = null;
  }

  /** Drops the brushed time. @param chart only if it is that of this chart; undefined: of any */
  leave(chart?: string): void {
    if (chart === undefined || chart === this.chart) this.chosen = null;
  }
}

export const brush = new Brush();
