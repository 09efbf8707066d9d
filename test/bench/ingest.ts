// `make bench-ingest`: recorded rows through the real collector over HTTP. How many a second and a core, beside the same rows as
// JSONEachRow in the same engine; how long until they are acknowledged and visible, with many agents and beside a backlog; what
// they take of the disk. Nothing fails where an aim is missed; the last line is JSON.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { manyAgents } from './ingest/agents.ts';
import { backlog } from './ingest/backlog.ts';
import { bothDoors } from './ingest/behind-door.ts';
import { liveAgentBytes } from './ingest/bytes.ts';
import { type JsonRows, jsonEachRow } from './ingest/json-rows.ts';
import { type Aim, agentsText, aimsTable, backlogText, bytesTable, jsonLine, meanBytes, throughputLine } from './ingest/report.ts';
import { fullBatches, type Throughput, throughput } from './ingest/throughput.ts';
import { median } from './overhead/median.ts';
import { quantile } from './quantile.ts';
import { readRecordings } from './recorded-rows.ts';

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '3' },
    rows: { type: 'string', default: '2000000' },
    'json-rows': { type: 'string', default: '60000' },
    agents: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '30' },
    hours: { type: 'string', default: '24' },
    only: { type: 'string', default: 'throughput,door,agents,backlog,bytes' },
  },
});
const asked = new Set(values.only.split(','));
const seconds = Number(values.seconds);
const HOSTS = 20;
/** Between the copies of the recordings on one host. */
const APART_MS = 30_000;
const round = (value: number, digits = 0) => Number(value.toFixed(digits));

const recordings = readRecordings();
const rowsOnce = recordings.reduce((sum, { rows }) => sum + rows, 0);
const figures: Record<string, number> = {};
const aims: Aim[] = [];

function aim(name: string, is: number, wanted: number, direction: 'at least' | 'at most'): void {
  const met = direction === 'at least' ? is >= wanted : is <= wanted;
  aims.push({ name, is, wanted: `${direction} ${wanted}`, met });
}

async function takeTurns(directory: string): Promise<void> {
  const copiesOf = (rows: string) => ({ hosts: HOSTS, copies: Math.ceil(Number(rows) / rowsOnce / HOSTS), apart_ms: APART_MS });
  const many = fullBatches(recordings, copiesOf(values.rows));
  const few = fullBatches(recordings, copiesOf(values['json-rows']));
  const turns: { rows: Throughput; json: JsonRows }[] = [];
  for (let turn = 1; turn <= Number(values.turns); turn++) {
    const rows = await throughput(directory, many);
    console.log(throughputLine(turn, rows));
    const json = await jsonEachRow(directory, few);
    console.log(jsonLine(json));
    turns.push({ rows, json });
  }
  const of = (take: (turn: (typeof turns)[number]) => number) => round(median(turns.map(take)));
  figures['rows_per_s'] = of(({ rows }) => rows.rows_per_s);
  figures['rows_per_s_per_core'] = of(({ rows }) => rows.rows_per_s_per_core);
  figures['rows_per_s_per_core_merged'] = of(({ rows }) => rows.rows_per_s_per_core_merged);
  figures['json_each_row_rows_per_s'] = of(({ json }) => json.rows_per_s);
  figures['json_each_row_rows_per_s_per_core'] = of(({ json }) => json.rows_per_s_per_core);
  figures['collector_cores'] = round(median(turns.map(({ rows }) => rows.cores)), 2);
  figures['collector_peak_rss_mib'] = of(({ rows }) => rows.peak_rss_mib);
  aim('rows a second and core', figures['rows_per_s_per_core'], 400_000, 'at least');
}

/** In pairs, each once first: a machine is not the same from one minute to the next. */
async function runDoor(directory: string): Promise<void> {
  const wanted = { hosts: HOSTS, copies: Math.ceil(Number(values.rows) / rowsOnce / HOSTS), apart_ms: APART_MS };
  const ratios: number[] = [];
  for (let turn = 1; turn <= 2 * Math.ceil(Number(values.turns) / 2); turn++) {
    const { open, behind } = await bothDoors(directory, recordings, wanted, turn % 2 === 1);
    ratios.push(behind.rows_per_s_per_core / open.rows_per_s_per_core);
    console.log(
      `${turn}: ${round(open.rows_per_s_per_core)} rows a second and core, ${round(behind.rows_per_s_per_core)} with TLS and credentials`,
    );
  }
  const open = await manyAgents(directory, recordings, Number(values.agents), { seconds });
  const run = await manyAgents(directory, recordings, Number(values.agents), { seconds, secured: true });
  console.log(`without TLS and credentials, ${agentsText(open)}`);
  console.log(`with TLS and credentials, ${agentsText(run)}`);
  console.log(`  ${round(run.idle_kib)} KiB for an agent that is idle, ${round(open.idle_kib)} without`);
  console.log(
    `  first reports, all at once: p50 ${round(quantile(run.first_ms, 0.5))} ms, the last after ${round(Math.max(...run.first_ms))} ms, ${round(Math.max(...open.first_ms))} without; connected anew since then: ${run.reconnected}`,
  );
  figures['tls_agents_ack_p99_ms'] = round(quantile(run.sent.ack_ms, 0.99));
  figures['tls_all_connected_ms'] = round(Math.max(...run.first_ms));
  figures['tls_agents_ack_p99_ratio'] = round(figures['tls_agents_ack_p99_ms'] / quantile(open.sent.ack_ms, 0.99), 2);
  figures['tls_agents_cpu_ratio'] = round(run.cpu_us_per_row / open.cpu_us_per_row, 2);
  figures['tls_idle_agent_kib'] = round(run.idle_kib);
  aim(`p99 of an ack with ${run.agents} agents, TLS and credentials, ms`, figures['tls_agents_ack_p99_ms'], 1000, 'at most');
  figures['tls_ratio'] = round(median(ratios), 3);
  aim('rows a second and core with TLS and credentials, of those without', figures['tls_ratio'], 0.9, 'at least');
}

async function runAgents(directory: string): Promise<void> {
  const run = await manyAgents(directory, recordings, Number(values.agents), { seconds });
  console.log(agentsText(run));
  const count = (test: (status: number) => boolean) =>
    [...run.sent.statuses, ...run.report_statuses].reduce((sum, [status, times]) => sum + (test(status) ? times : 0), 0);
  figures['agents'] = run.agents;
  figures['agents_ack_p99_ms'] = round(quantile(run.sent.ack_ms, 0.99));
  figures['agents_settled_p99_ms'] = round(quantile(run.sent.settled_ms, 0.99));
  figures['agents_5xx'] = count((status) => status >= 500);
  figures['agents_429'] = count((status) => status === 429);
  figures['agents_rows_per_s'] = round(run.rows_per_s);
  figures['agents_cpu_us_per_row'] = round(run.cpu_us_per_row, 1);
  aim(`p99 of an ack with ${run.agents} agents, ms`, figures['agents_ack_p99_ms'], 1000, 'at most');
  aim('5xx', figures['agents_5xx'], 0, 'at most');
}

async function runBacklog(directory: string): Promise<void> {
  const run = await backlog(directory, recordings, Number(values.hours), seconds / 2);
  console.log(backlogText(run));
  figures['visible_p50_ms'] = round(quantile(run.before.visible_ms, 0.5));
  figures['visible_p99_ms'] = round(quantile(run.before.visible_ms, 0.99));
  figures['backlog_times_real_time'] = round(run.times_real_time);
  figures['backlog_rows_per_s'] = round(run.rows_per_s);
  figures['visible_beside_backlog_p50_ms'] = round(quantile(run.beside.visible_ms, 0.5));
  figures['visible_beside_backlog_p99_ms'] = round(quantile(run.beside.visible_ms, 0.99));
  aim('backlog, times real time', figures['backlog_times_real_time'], 10, 'at least');
  aim('live rows visible beside it, p99 ms', figures['visible_beside_backlog_p99_ms'], 2000, 'at most');
}

async function runBytes(directory: string): Promise<void> {
  if (process.getuid?.() !== 0) return console.log('bytes a row: left out, since watching this host needs root');
  const watched_s = 2 * seconds;
  const tables = await liveAgentBytes(directory, watched_s);
  console.log(`rows of this host, watched for ${watched_s} s:\n${bytesTable(tables)}`);
  figures['bytes_per_row'] = round(meanBytes(tables), 1);
  aim('bytes a row on disk', figures['bytes_per_row'], 25, 'at most');
}

const directory = mkdtempSync(join(tmpdir(), 'tcplens-bench-'));
try {
  if (asked.has('throughput')) await takeTurns(directory);
  if (asked.has('door')) await runDoor(directory);
  if (asked.has('agents')) await runAgents(directory);
  if (asked.has('backlog')) await runBacklog(directory);
  if (asked.has('bytes')) await runBytes(directory);
  console.log(aimsTable(aims));
  console.log(JSON.stringify({ bench: 'ingest', ...figures }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0); // the embedded engine keeps threads of its own
