// Gauges of the log and of kept layouts, read when /metrics is asked.
import type { Layouts } from '../ingest/layouts.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../metrics.ts';

export function registerLogGauges(metrics: Metrics, log: Log, layouts: Layouts): void {
  metrics.gauge('layouts.size', 'By', 'layouts of other versions that are kept', () => layouts.bytes);
  metrics.gauge('log.size', 'By', 'what the store does not have yet: rows, and what their batches cost', () => log.bytes);
  metrics.gauge('log.late.size', 'By', 'of them, of rows that were late when they came', () => log.late.bytes);
  metrics.gauge('log.late.rows', '{row}', 'late rows that the store does not have yet', () => log.late.rows);
  metrics.gauge('log.segments', '{segment}', 'sealed segments that wait for the store', () => log.sealedCount);
  metrics.gauge('log.behind', 's', 'for how long the oldest sealed segment has waited', () => log.behind_s);
}
