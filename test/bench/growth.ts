// `make bench-growth`: what a row costs with more agents, and a query with more rows, as tables, as a picture beside this file and
// as JSON in the last line. The stores of `make bench-query` are made where they are missing, and used again.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { root } from '../support/project-files.ts';
import { CollectorProcess } from './collector-process.ts';
import { type FleetCost, fleetCost } from './growth/fleets.ts';
import { type Chart, picture } from './growth/picture.ts';
import { answersTo, whatIsKnown } from './query/ask.ts';
import { filled } from './query/fill.ts';
import { questionsOf, questionsWithoutRange, SPANS } from './query/questions.ts';
import { readRecordings } from './recorded-rows.ts';

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '1,10,100,1000' },
    'fleet-rows': { type: 'string', default: '200000' },
    rows: { type: 'string', default: '1000000,10000000,100000000' },
    times: { type: 'string', default: '9' },
    directory: { type: 'string', default: join(root, '.data', 'bench') },
    picture: { type: 'string', default: join(root, 'test', 'bench', 'growth.svg') },
  },
});
const numbers = (list: string) => list.split(',').map(Number).filter(Boolean);
/** Of all questions the ones that a page asks most, each over every span. */
const ASKED = ['overview', 'edges by retrans', 'retransmits'];
const HOSTS = 50;
const DAYS = 30;

type QueryCost = { question: string; rows: number; p50_ms: number };

async function fleets(directory: string): Promise<FleetCost[]> {
  const costs: FleetCost[] = [];
  console.log('  agents    rows/batch     rows/s   µs of a core a row   ack p99 ms');
  for (const agents of numbers(values.agents)) {
    const cost = await fleetCost(directory, readRecordings(), agents, Number(values['fleet-rows']));
    costs.push(cost);
    const { rows_a_batch, rows_per_s, cpu_us_per_row, ack_p99_ms } = cost;
    console.log(
      [
        String(agents).padStart(8),
        rows_a_batch.toFixed(0).padStart(14),
        rows_per_s.toFixed(0).padStart(11),
        cpu_us_per_row.toFixed(2).padStart(21),
        ack_p99_ms.toFixed(0).padStart(13),
      ].join(''),
    );
  }
  return costs;
}

async function queries(): Promise<QueryCost[]> {
  const costs: QueryCost[] = [];
  for (const rows of numbers(values.rows)) {
    const store = await filled(values.directory, readRecordings(), { rows, hosts: HOSTS, days: DAYS }, (said) => console.log(`  ${said}`));
    const collector = await CollectorProcess.start(store.data);
    try {
      const known = await whatIsKnown(collector.url, store.to_ms);
      const questions = SPANS.flatMap((span) =>
        questionsOf(store.to_ms, span, known)
          .filter(({ name }) => ASKED.includes(name))
          .map((question) => ({ ...question, name: `${question.name}, ${span.name}` })),
      );
      const answers = await answersTo(collector, [...questions, ...questionsWithoutRange(known)], Number(values.times));
      costs.push(...answers.map(({ name, p50_ms }) => ({ question: name, rows: store.rows, p50_ms })));
    } finally {
      await collector.stop();
    }
  }
  return costs;
}

function queryTable(costs: readonly QueryCost[]): string {
  const sizes = [...new Set(costs.map(({ rows }) => rows))];
  const head = ['  p50 ms'.padEnd(28), ...sizes.map((rows) => `${(rows / 1e6).toFixed(0)} M rows`.padStart(12))].join('');
  const lines = [...Map.groupBy(costs, ({ question }) => question)].map(([question, list]) =>
    [`  ${question}`.padEnd(28), ...list.map(({ p50_ms }) => p50_ms.toFixed(p50_ms < 10 ? 1 : 0).padStart(12))].join(''),
  );
  return [head, ...lines].join('\n');
}

function chartsOf(costs: readonly FleetCost[], asked: readonly QueryCost[]): Chart[] {
  const ingest: Chart = {
    title: 'What a row costs the collector',
    x: 'agents',
    y: 'µs of a core a row, rollups included',
    curves: [{ name: 'small batches', points: costs.map(({ agents, cpu_us_per_row }) => [agents, cpu_us_per_row]) }],
  };
  const spans = SPANS.map(({ name }): Chart => {
    const curves = ASKED.map((question) => ({
      name: question,
      points: asked.filter((cost) => cost.question === `${question}, ${name}`).map(({ rows, p50_ms }): [number, number] => [rows, p50_ms]),
    }));
    return { title: `What the page asks, over ${name}`, x: `stored rows, of ${HOSTS} hosts in ${DAYS} days`, y: 'ms, median', curves };
  });
  return [...(costs.length > 0 ? [ingest] : []), ...(asked.length > 0 ? spans : [])];
}

mkdirSync(values.directory, { recursive: true });
const directory = mkdtempSync(join(tmpdir(), 'tcplens-bench-'));
try {
  const costs = await fleets(directory);
  const asked = await queries();
  console.log(queryTable(asked));
  writeFileSync(values.picture, picture(chartsOf(costs, asked)));
  const round = (value: number) => Number(value.toPrecision(4));
  const ingest = costs.map(({ agents, cpu_us_per_row, rows_per_s }) => ({
    agents,
    cpu_us_per_row: round(cpu_us_per_row),
    rows_per_s: round(rows_per_s),
  }));
  console.log(JSON.stringify({ bench: 'growth', ingest, queries: asked.map((cost) => ({ ...cost, p50_ms: round(cost.p50_ms) })) }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0); // the embedded engine keeps threads of its own
