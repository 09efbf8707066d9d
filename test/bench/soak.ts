// `make soak`: the whole line for an hour, at a steady rate, beside pages, questions, slow clients and a restart of each process. Prints
// what collector and agent hold of the machine by the minute, and by how much that grows: the least memory of each minute is what is always
// held, and what is above it comes and goes with merges and garbage collections. Fails only at errors that nobody provoked.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root } from '../support/project-files.ts';
import { readRecordings } from './recorded-rows.ts';
import { Complaints } from './soak/complaints.ts';
import { HEAD, lineOf, type Sample, slopesOf, slopesText } from './soak/curve.ts';
import { Guests } from './soak/guests.ts';
import { Load } from './soak/load.ts';
import { Watched } from './soak/watched.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, rate: { type: 'string', default: '50000' } },
});
const MINUTE_MS = 60_000;
const length_ms = Number(values.minutes) * MINUTE_MS;
const rows_per_s = Number(values.rate);
/** Shares of the time: when each is restarted, and how long after the last restart its memory counts. */
const RESTART = { agent: 0.1, collector: 0.2 } as const;
const WARM_UP = 0.2;
const SAMPLE_MS = Math.min(MINUTE_MS, length_ms / 30);
/** What is held goes up and down within seconds, by merges and garbage collections. */
const LOOK_MS = 500;
/** After a restart agents and pages come back by themselves. */
const COMING_BACK_MS = 20_000;

const directory = mkdtempSync(join(tmpdir(), 'tcplens-soak-'));
const complaints = new Complaints();
/** Of a recording that an older version made, the agent says what it lacks; a stop under load, that the next start stores the last rows. */
const EXPECTED = ['is not replayed as it was recorded', 'acknowledged rows wait in the log: the next start stores them'];
const complains = (text: string) => {
  if (!EXPECTED.some((words) => text.includes(words))) complaints.add(text);
};
const collector = new Watched('collector', {
  args: ['serve', '--data', join(directory, 'data')],
  ready: /"msg":"listening on (http:[^"]+)"/,
  complains,
});
const url = await collector.start('--listen', '127.0.0.1:0');
await ready();
const replay = ['--replay', join(root, 'test/recordings/loss.tcplens'), '--loop', '--metrics', 'none'];
const agent = new Watched('agent', {
  args: ['agent', '--collector', url, '--spool', join(directory, 'spool'), '--host-id', '00000000000050ac', ...replay],
  ready: /"msg":"watching"/,
  complains,
});
await agent.start();

const load = new Load(readRecordings(), { url, rows_per_s, complaints });
const guests = new Guests(url, complaints);
const samples: Sample[] = [];
const began_ms = Date.now();
const restarts = [
  { at_ms: began_ms + RESTART.agent * length_ms, restart: restartAgent },
  { at_ms: began_ms + RESTART.collector * length_ms, restart: restartCollector },
];

async function ready(): Promise<void> {
  while (!(await fetch(`${url}/readyz`).catch(() => undefined))?.ok) await sleep(50);
}

async function restartAgent(): Promise<void> {
  await agent.stop();
  await agent.start();
}

async function restartCollector(): Promise<void> {
  await collector.stop();
  await collector.start('--listen', new URL(url).host);
  await ready();
  await sleep(COMING_BACK_MS);
}

async function sampleUntil(end_ms: number): Promise<void> {
  console.log(HEAD);
  let restarting = Promise.resolve();
  for (let last_ms = Date.now(), last_rows = 0; Date.now() < end_ms; ) {
    await lookUntil(Math.min(last_ms + SAMPLE_MS, end_ms));
    const at_ms = Date.now();
    const rows = load.sent.rows;
    const sample = { at_ms, collector: collector.held(), agent: agent.held(), rows_per_s: ((rows - last_rows) * 1000) / (at_ms - last_ms) };
    samples.push(sample);
    console.log(lineOf(sample, began_ms));
    [last_ms, last_rows] = [at_ms, rows];
    const due = restarts.findIndex((restart) => restart.at_ms <= at_ms);
    const [next] = due === -1 ? [] : restarts.splice(due, 1);
    if (next) restarting = restarting.then(() => complaints.during(next.restart));
  }
  await restarting;
}

async function lookUntil(end_ms: number): Promise<void> {
  while (Date.now() < end_ms) {
    await sleep(Math.min(LOOK_MS, end_ms - Date.now()));
    collector.look();
    agent.look();
  }
}

try {
  const running = [load.run(), guests.run()];
  await sampleUntil(began_ms + length_ms);
  load.stop();
  guests.stop();
  await Promise.all(running);
} finally {
  await agent.stop();
  await collector.stop();
  rmSync(directory, { recursive: true, force: true });
}
const from_ms = began_ms + (RESTART.collector + WARM_UP) * length_ms;
const slopes = { collector: slopesOf(samples, 'collector', from_ms), agent: slopesOf(samples, 'agent', from_ms) };
for (const [who, slope] of Object.entries(slopes)) console.log(slopesText(who, slope));
const statuses = [...load.sent.statuses].map(([status, times]) => `${times} × ${status}`).join(', ');
console.log(`batches: ${statuses}; ${guests.answers} answers, ${guests.messages} live messages`);
console.log(`${complaints.provoked} complaints that a restart provoked, ${complaints.count} that nobody did`);
for (const text of complaints.texts) console.log(text);
console.log(JSON.stringify({ bench: 'soak', rows: load.sent.rows, ...slopes, complaints: complaints.count }));
process.exit(complaints.count === 0 ? 0 : 1);
