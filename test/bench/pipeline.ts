// `make bench`: recorded rows through agent → collector → engine, beside the same rows decoded and inserted into the
// same tables of the same engine as JSONEachRow. Both begin with the kernel's bytes; they take turns, the medians are
// compared, and the last line is JSON.
//
// What favours the baseline: it has no network, no log, no flush and no acknowledgement.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Recording } from '../../agent/recording/read.ts';
import { RecordingWriter } from '../../agent/recording/write.ts';
import { HEAD_AT, KIND, KINDS, type Kind } from '../../bpf/rows.gen.ts';
import { openEmbeddedEngine } from '../../server/storage/embedded.ts';
import { migrate } from '../../server/storage/migrations.ts';
import { root } from '../support/project-files.ts';

const TURNS = 3;
const PIPELINE_ROWS = 1_500_000;
const JSON_ROWS = 60_000;
/** Objects an insert: larger ones are slower, not faster. */
const JSON_BLOCK = 20_000;
const LISTENING = /"msg":"listening on (http:[^"]+)"/;
const WATCHING = /"msg":"watching"/;
const RECORDING = join(root, 'test', 'recordings', 'loss.tcplens');

/** The recording's rows by kind, repeated in its own mix until there are `wanted`; each round's connections are others. */
function perturbed(wanted: number): Map<Kind, Buffer> {
  const recording = new Recording(RECORDING);
  const frames = [...recording.parts()].filter((part) => part.sort === 'rows');
  recording.close();
  const once = frames.reduce((rows, { kind, rows: { length } }) => rows + length / KINDS[kind].size, 0);
  const rounds = Math.ceil(wanted / once);
  const now_ns = BigInt(Date.now()) * 1_000_000n;
  const parts = new Map<Kind, Buffer[]>(KIND.map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { kind, rows } of frames) {
      const copy = Buffer.from(rows);
      for (let at = 0; at < copy.length; at += KINDS[kind].size) {
        copy.writeBigUInt64LE(copy.readBigUInt64LE(at + HEAD_AT.connection_id) + (BigInt(round + 1) << 32n), at + HEAD_AT.connection_id);
        copy.writeBigUInt64LE(now_ns - BigInt(round * 1_000_003 + at), at + HEAD_AT.time_ns);
      }
      parts.get(kind)?.push(copy);
    }
  }
  return new Map([...parts].map(([kind, list]) => [kind, Buffer.concat(list)]));
}

const rowsIn = (rows: ReadonlyMap<Kind, Buffer>) => [...rows].reduce((sum, [kind, bytes]) => sum + bytes.length / KINDS[kind].size, 0);

function writeRecording(file: string, rows: ReadonlyMap<Kind, Buffer>): void {
  const started_ns = String(BigInt(Date.now()) * 1_000_000n);
  const header = { tcplens: 'bench', kernel: '', started_ns, interval_ms: 0, anonymized: false, refused: [], absent: [] };
  const writer = new RecordingWriter(file, { header, force: true });
  for (const [kind, bytes] of rows) writer.addRows(kind, bytes, 0);
  writer.end(undefined, 0);
}

/** Waits for a line of a process's log; returns what `wanted` found in it. */
async function logged(child: ChildProcess, wanted: RegExp): Promise<string> {
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    const found = wanted.exec(line);
    if (!found) continue;
    child.stderr?.resume();
    return found[1] ?? '';
  }
  throw new Error(`a process ended without logging ${wanted}`);
}

/** Rows that the store has taken so far, by the collector's own metrics. */
async function inserted(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = [...text.matchAll(/^tcplens_collector_rows_inserted\S*? (\d+)/gm)];
  return found.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Seconds from the agent's first drain, when it has checked the recording, to the last row in the engine. */
async function pipeline(directory: string, file: string, rows: number): Promise<number> {
  const data = mkdtempSync(join(directory, 'pipeline-'));
  const collector = spawn(join(root, 'tcplens'), ['serve', '--listen', '127.0.0.1:0', '--data', data], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const url = await logged(collector, LISTENING);
  while (!(await fetch(`${url}/readyz`)).ok) await sleep(20);
  const agent = spawn(join(root, 'tcplens'), ['replay', file, '--speed', '0', '--collector', url], { stdio: ['ignore', 'ignore', 'pipe'] });
  await logged(agent, WATCHING);
  const began = performance.now();
  while ((await inserted(url)) < rows) {
    if (agent.exitCode !== null && agent.exitCode !== 0) throw new Error('the replay failed');
    await sleep(20);
  }
  const seconds = (performance.now() - began) / 1000;
  if (agent.exitCode === null) await once(agent, 'exit');
  const exit = once(collector, 'exit');
  collector.kill('SIGTERM');
  await exit;
  rmSync(data, { recursive: true, force: true });
  return seconds;
}

function decode(kind: Kind, bytes: Buffer): object[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / KINDS[kind].size }, (_, index) => {
    const { kind: _kind, ...row } = KINDS[kind].read(view, index * KINDS[kind].size);
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, jsonOf(name, value)]));
  });
}

/** As ClickHouse reads them from JSON. */
function jsonOf(name: string, value: unknown): unknown {
  if (typeof value === 'bigint')
    return name === 'time_ns' ? `${value / 1_000_000_000n}.${String(value % 1_000_000_000n).padStart(9, '0')}` : String(value);
  return name.endsWith('_addr') && typeof value === 'string' && !value.includes(':') ? `::ffff:${value}` : value;
}

/** Seconds to decode the rows and insert them into the same tables, rollup included. */
async function jsonEachRow(directory: string, rows: ReadonlyMap<Kind, Buffer>): Promise<number> {
  const engine = await openEmbeddedEngine({ path: mkdtempSync(join(directory, 'json-')) });
  await migrate(engine);
  const began = performance.now();
  for (const [kind, bytes] of rows) {
    const block = JSON_BLOCK * KINDS[kind].size;
    for (let at = 0; at < bytes.length; at += block) await engine.insertObjects(kind, decode(kind, bytes.subarray(at, at + block)));
  }
  const seconds = (performance.now() - began) / 1000;
  const counts = KIND.map((kind) => `(SELECT count() FROM ${kind})`).join(' + ');
  const [stored] = await engine.query<{ rows: number }>(`SELECT ${counts} AS rows`);
  if (Number(stored?.rows) !== rowsIn(rows)) throw new Error(`the engine took ${stored?.rows} of ${rowsIn(rows)} rows as JSON`);
  await engine.close();
  return seconds;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const directory = mkdtempSync(join(tmpdir(), 'tcplens-bench-'));
try {
  const file = join(directory, 'rows.tcplens');
  const many = perturbed(PIPELINE_ROWS);
  const few = perturbed(JSON_ROWS);
  writeRecording(file, many);
  const rates = { pipeline: [] as number[], json: [] as number[] };
  for (let turn = 1; turn <= TURNS; turn++) {
    rates.pipeline.push(rowsIn(many) / (await pipeline(directory, file, rowsIn(many))));
    rates.json.push(rowsIn(few) / (await jsonEachRow(directory, few)));
    console.log(
      `turn ${turn}: pipeline ${Math.round(rates.pipeline.at(-1) ?? 0)} rows/s, JSONEachRow ${Math.round(rates.json.at(-1) ?? 0)} rows/s`,
    );
  }
  const rows_per_s = Math.round(median(rates.pipeline));
  const json_each_row_rows_per_s = Math.round(median(rates.json));
  const ratio_to_json_each_row = Math.round((rows_per_s / json_each_row_rows_per_s) * 10) / 10;
  console.log(
    JSON.stringify({ bench: 'pipeline', rows: rowsIn(many), turns: TURNS, rows_per_s, json_each_row_rows_per_s, ratio_to_json_each_row }),
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0); // the embedded engine keeps threads of its own
