// `make bench-query`: what the page and the API ask, over an hour, a day and a month of 100 million recorded rows of 50 hosts. The
// first answer of a fresh collector is `cold` (its engine has nothing in memory; the kernel's page cache is as it is), p50 and p95
// are of the answers after it, `cpu` is what one takes of the collector's processor time. Nothing fails where an aim is missed; the last line is JSON.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { root } from '../support/project-files.ts';
import { CollectorProcess } from './collector-process.ts';
import { tableBytes } from './ingest/bytes.ts';
import { bytesTable } from './ingest/report.ts';
import { quantile } from './quantile.ts';
import { type Answered, answersTo, whatIsKnown } from './query/ask.ts';
import { filled } from './query/fill.ts';
import { questionsOf, questionsWithoutRange, SPANS } from './query/questions.ts';
import { readRecordings } from './recorded-rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000000' },
    hosts: { type: 'string', default: '50' },
    times: { type: 'string', default: '40' },
    directory: { type: 'string', default: join(root, '.data', 'bench') },
  },
});
const AIMS_MS: Record<string, number> = { '1 h': 150, '24 h': 400, '30 d': 1000 };
const DAYS = 30;
const times = Number(values.times);
const text = (ms: number) => (Number.isNaN(ms) ? '-' : ms.toFixed(ms < 10 ? 1 : 0)).padStart(9);
const line = ({ name, cold_ms, p50_ms, p95_ms, cpu_ms, failed }: Answered) =>
  `  ${name.padEnd(30)}${text(cold_ms)}${text(p50_ms)}${text(p95_ms)}${text(cpu_ms)}${failed === '' ? '' : `  ${failed}`}`;

mkdirSync(values.directory, { recursive: true });
const month = { rows: Number(values.rows), hosts: Number(values.hosts), days: DAYS };
const store = await filled(values.directory, readRecordings(), month, (said) => console.log(`  ${said}`));
console.log(`${store.rows} rows of ${store.hosts} hosts over ${DAYS} days, made in ${store.made_s} s`);
console.log(bytesTable(await tableBytes(store.data)));
const collector = await CollectorProcess.start(store.data);
const figures: Record<string, number> = {};
try {
  const known = await whatIsKnown(collector.url, store.to_ms);
  for (const span of [...SPANS, undefined]) {
    const questions = span ? questionsOf(store.to_ms, span, known) : questionsWithoutRange(known);
    const name = span?.name ?? 'no range';
    console.log(`${name.padEnd(32)}  cold ms   p50 ms   p95 ms   cpu ms`);
    const all = await answersTo(collector, questions, times);
    console.log(all.map(line).join('\n'));
    const key = name.replaceAll(' ', '');
    figures[`p95_ms_${key}`] = Math.round(Math.max(...all.map(({ p95_ms, failed }) => (failed ? Number.POSITIVE_INFINITY : p95_ms))));
    figures[`p50_ms_${key}`] = Math.round(
      quantile(
        all.map(({ p50_ms }) => p50_ms),
        0.5,
      ),
    );
    figures[`cold_ms_${key}`] = Math.round(Math.max(...all.map(({ cold_ms }) => cold_ms)));
    const aim_ms = AIMS_MS[name];
    const slow = all.filter(({ p95_ms, failed }) => failed !== '' || p95_ms > (aim_ms ?? Number.POSITIVE_INFINITY));
    if (aim_ms === undefined) continue;
    const missing = slow.map((one) => one.name).join(', ');
    console.log(`  ${slow.length === 0 ? 'met' : 'missed'}: p95 at most ${aim_ms} ms${slow.length === 0 ? '' : ` (${missing})`}`);
  }
} finally {
  await collector.stop();
}
console.log(JSON.stringify({ bench: 'query', rows: store.rows, hosts: store.hosts, days: DAYS, ...figures }));
process.exit(0); // the embedded engine keeps threads of its own
