// What detail costs in the kernel: nanoseconds of each program of detail for each run, by the kernel's own statistics, for traffic that an
// investigation watches and for traffic that it does not; and how many such programs are attached while nobody investigates. As root.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { compileFilter } from '../../agent/filter/compile.ts';
import { parseFilter } from '../../agent/filter/parse.ts';
import { NO_LIMIT } from '../../agent/kernel/budget.ts';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import { drainAll } from '../support/drain-all.ts';
import { makePair } from '../support/netns.ts';

const { values } = parseArgs({ options: { connections: { type: 'string', default: '400' }, times: { type: 'string', default: '5' } } });
const STATS = '/proc/sys/kernel/bpf_stats_enabled';
const TRAFFIC = new URL('../support/traffic.ts', import.meta.url).pathname;
const PROGRAMS = ['tcp_probe', 'net_dev_start_xmit', 'netif_receive_skb', 'net_dev_queue'] as const;
const PORT = 7000;
const SLOT = 1;
const MODES = { watched: `port = ${PORT}`, unwatched: `port = ${PORT + 1}`, nobody: undefined } as const;
type Mode = keyof typeof MODES;
type Cost = { runs: number; ns: number };

/** Of all programs of these names: this process's are the only ones that run while it measures, if no other agent is there. */
function costs(): Record<string, Cost> {
  const all = JSON.parse(execFileSync('bpftool', ['prog', 'show', '--json'], { encoding: 'utf8', maxBuffer: 64 << 20 })) as {
    name?: string;
    run_time_ns?: number;
    run_cnt?: number;
  }[];
  const sum = (name: string, of: 'run_time_ns' | 'run_cnt') =>
    all.filter((program) => program.name === name).reduce((total, program) => total + (program[of] ?? 0), 0);
  return Object.fromEntries(PROGRAMS.map((name) => [name, { runs: sum(name, 'run_cnt'), ns: sum(name, 'run_time_ns') }]));
}

const pair = makePair();
const before = readFileSync(STATS, 'utf8');
const source = openKernel({ host_id: 1n, ring_bytes: 64 << 20 });
const { filters } = source;
const serving = pair.server.start(process.execPath, TRAFFIC, 'serve', '0.0.0.0', String(PORT));
const found: Record<Mode, { seconds: number; packets: number; cost: Record<string, Cost> }[]> = { watched: [], unwatched: [], nobody: [] };

async function once_in(mode: Mode): Promise<void> {
  const expression = MODES[mode];
  if (expression !== undefined) {
    filters.set(SLOT, compileFilter(parseFilter(expression, filters.names()), expression, BigInt(SLOT), undefined), NO_LIMIT);
    for (const kind of ['stack', 'progress', 'packet'] as const) filters.detail(kind, 1 << SLOT);
  }
  const draining = setInterval(() => drainAll(source, () => {}), 20);
  const [start, began_ms] = [costs(), performance.now()];
  const sent = pair.client.nstat()['TcpOutSegs'] ?? 0;
  const client = pair.client.start(
    process.execPath,
    TRAFFIC,
    'client',
    pair.server.address.ipv4,
    ...[PORT, values.connections, 20_000, 20_000].map(String),
  );
  client.stdout?.resume();
  await once(client, 'exit');
  const seconds = (performance.now() - began_ms) / 1000;
  const end = costs();
  const cost = Object.fromEntries(
    PROGRAMS.map((name) => [
      name,
      { runs: (end[name]?.runs ?? 0) - (start[name]?.runs ?? 0), ns: (end[name]?.ns ?? 0) - (start[name]?.ns ?? 0) },
    ]),
  );
  found[mode].push({ seconds, packets: (pair.client.nstat()['TcpOutSegs'] ?? 0) - sent, cost });
  clearInterval(draining);
  if (expression === undefined) return;
  for (const kind of ['stack', 'progress', 'packet'] as const) filters.detail(kind, 0);
  filters.clear(SLOT);
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
try {
  writeFileSync(STATS, '1');
  if (serving.stdout) await once(serving.stdout, 'data');
  await once_in('nobody');
  for (const mode of Object.keys(found) as Mode[]) found[mode].length = 0;
  for (let time = 0; time < Number(values.times); time++) for (const mode of Object.keys(MODES) as Mode[]) await once_in(mode);
  const rates = Object.fromEntries(
    (Object.keys(MODES) as Mode[]).map((mode) => [mode, median(found[mode].map(({ packets, seconds }) => packets / seconds))]),
  ) as Record<Mode, number>;
  const ns = (mode: Mode, name: string) =>
    median(found[mode].map(({ cost }) => (cost[name]?.ns ?? 0) / Math.max(1, cost[name]?.runs ?? 0)));
  for (const mode of Object.keys(MODES) as Mode[])
    console.log(
      `${mode}: ${Math.round(rates[mode])} segments/s, ${(rates[mode] / rates.nobody).toFixed(3)} of nobody's; ${PROGRAMS.map((name) => `${name} ${Math.round(ns(mode, name))} ns a run of ${found[mode].reduce((sum, { cost }) => sum + (cost[name]?.runs ?? 0), 0)}`).join(', ')}`,
    );
  console.log(JSON.stringify({ bench: 'details', rates, found }));
} finally {
  writeFileSync(STATS, before);
  serving.kill();
  source.close();
  pair.close();
}
