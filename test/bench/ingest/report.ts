// The figures of `make bench-ingest` as text for a person.
import { quantile } from '../quantile.ts';
import type { AgentsRun } from './agents.ts';
import type { BacklogRun } from './backlog.ts';
import type { TableBytes } from './bytes.ts';
import type { JsonRows } from './json-rows.ts';
import type { LiveRows } from './live-rows.ts';
import type { Throughput } from './throughput.ts';

export type Aim = { name: string; is: number; wanted: string; met: boolean };

const whole = (value: number) => Math.round(value).toLocaleString('en').replaceAll(',', ' ');

export function throughputLine(turn: number, { rows_per_s, rows_per_s_per_core, rows_per_s_per_core_merged, ...rest }: Throughput): string {
  const { cores, peak_rss_mib, sender_cores } = rest;
  return `turn ${turn}: ${whole(rows_per_s)} rows/s; a core ${whole(rows_per_s_per_core)}, merges until quiet included ${whole(rows_per_s_per_core_merged)}
  the collector had ${cores.toFixed(2)} cores and at most ${peak_rss_mib} MiB, the sender ${sender_cores.toFixed(2)} cores`;
}

export const jsonLine = ({ rows_per_s, rows_per_s_per_core }: JsonRows): string =>
  `  as JSONEachRow: ${whole(rows_per_s)} rows/s; a core ${whole(rows_per_s_per_core)}`;

const statusesOf = (statuses: ReadonlyMap<number, number>) =>
  [...statuses]
    .sort(([one], [other]) => one - other)
    .map(([status, count]) => `${whole(count)} × ${status}`)
    .join(', ');

export function agentsText(run: AgentsRun): string {
  const { agents, rows_per_s, batches_per_s, sent, report_ms, report_statuses, cpu_us_per_row, cores, peak_rss_mib } = run;
  return `${agents} agents: ${whole(rows_per_s)} rows/s in ${whole(batches_per_s)} batches/s; ${cores.toFixed(2)} cores, ${cpu_us_per_row.toFixed(1)} µs of a core a row, ${peak_rss_mib} MiB
  batches: ${statusesOf(sent.statuses)}; ack p50 ${whole(quantile(sent.ack_ms, 0.5))} ms, p99 ${whole(quantile(sent.ack_ms, 0.99))} ms; with refused attempts p99 ${whole(quantile(sent.settled_ms, 0.99))} ms
  reports: ${statusesOf(report_statuses)}; p50 ${whole(quantile(report_ms, 0.5))} ms, p99 ${whole(quantile(report_ms, 0.99))} ms`;
}

const visibleText = ({ rows_per_s, visible_ms }: LiveRows) =>
  `${whole(rows_per_s)} rows/s are visible after p50 ${whole(quantile(visible_ms, 0.5))} ms, p99 ${whole(quantile(visible_ms, 0.99))} ms (${visible_ms.length} probes)`;

export function backlogText({ hours, rows, seconds, times_real_time, rows_per_s, before, beside }: BacklogRun): string {
  return `alone, live ${visibleText(before)}
beside a backlog of ${hours} h of one host, ${whole(rows)} rows, sent and stored in ${seconds.toFixed(1)} s (${whole(rows_per_s)} rows/s, ${whole(times_real_time)} × real time):
  live ${visibleText(beside)}`;
}

/** Bytes a row of all rows together. */
export function meanBytes(tables: readonly TableBytes[]): number {
  const kinds = tables.filter(({ table }) => table !== 'rollup_1m');
  const total = (of: 'rows' | 'bytes') => kinds.reduce((sum, table) => sum + table[of], 0);
  return total('bytes') / Math.max(1, total('rows'));
}

export function bytesTable(tables: readonly TableBytes[]): string {
  const lines = tables.map(
    ({ table, rows, bytes }) => `  ${table.padEnd(14)}${whole(rows).padStart(12)}${(bytes / Math.max(1, rows)).toFixed(1).padStart(10)}`,
  );
  return ['  table                 rows    B/row', ...lines, `  all rows, rollup apart${meanBytes(tables).toFixed(1).padStart(14)}`].join(
    '\n',
  );
}

export function aimsTable(aims: readonly Aim[]): string {
  return aims
    .map(
      ({ name, is, wanted, met }) => `  ${met ? 'met   ' : 'missed'}  ${name}: ${is < 100 ? is.toFixed(1) : whole(is)}, wanted ${wanted}`,
    )
    .join('\n');
}
