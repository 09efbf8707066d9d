// The agent as a process, with its spool, against a collector that does everything that collectors and networks do: what arrives is what
// was read, once, and the account says so to the row, also where the agent is killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { LOSSES, type Loss } from '../../../agent/contract/outcome.ts';
import { KIND, KINDS } from '../../../bpf/rows/rows.gen.ts';
import { root } from '../../support/project-files.ts';
import { type Attempt, accountedOf, type Collector, openCollector, type Reply } from '../collector.ts';
import { writeRecording } from '../recorded.ts';
import { until } from '../until.ts';

const ROWS = 20_000;
const RETRY = { 'retry-after': '0' };

let collector: Collector;
let agent: ChildProcess | undefined;
afterEach(async () => {
  agent?.kill('SIGKILL');
  collector.close();
});

const newSpool = () => mkdtempSync(join(tmpdir(), 'tcplens-spool-'));

function start(spool: string, ...args: string[]): ChildProcess {
  const options = ['--collector', collector.url, '--spool', spool, '--metrics', 'none', '--interval', '500ms', '--log-level', 'error'];
  agent = spawn(process.execPath, ['cli.ts', 'agent', ...options, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return agent;
}

async function ended(child: ChildProcess): Promise<number | null> {
  // Not 'exit', which may come before the last of what it wrote.
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

/** Where a last report does not come through in its time, the next run has it: so many more. */
const UNTOLD_MAX = 5;

/** Runs that read a handful of rows, to send and tell what the others have left. */
async function sendTheRest(spool: string): Promise<void> {
  let untold = 0;
  // A run sends for as long as an end may take; how much that is depends on how often it is refused.
  while (segmentsIn(spool).length > 0 || (imbalances().length > 0 && untold++ < UNTOLD_MAX)) {
    const child = start(spool, '--replay', writeRecording(1), '--speed', '0');
    expect(await ended(child)).toBe(0);
  }
}

const segmentsIn = (spool: string) => readdirSync(spool).filter((name) => name.endsWith('.batches'));

function arrived(kind: (typeof KIND)[number]): number {
  const batches = collector.accepted().filter((attempt) => attempt.kind === kind);
  return batches.reduce((sum, { rows }) => sum + rows.length / KINDS[kind].size, 0);
}

/** Of which kinds the account does not say what has become of each row. */
function imbalances(): object[] {
  return KIND.flatMap((kind) => {
    const { seen = 0, sent = 0, ...lost } = accountedOf(collector.reports, kind);
    const named = Object.entries(lost).reduce((sum, [name, rows]) => sum + (LOSSES[name as Loss] ? rows : 0), 0);
    const is_balanced = arrived(kind) === sent && seen === sent + named;
    return is_balanced ? [] : [{ kind, arrived: arrived(kind), sent, seen, named }];
  });
}

const expectBalance = () => expect(imbalances()).toEqual([]);

/** Told by the attempt's name, so that a run can be repeated. */
function hostile({ sequence, kind }: Attempt, before: number): Reply {
  if (before > 0) return { status: 200 };
  const answers: Reply[] = [
    { status: 200 },
    { status: 429, headers: RETRY },
    { status: 500, headers: RETRY },
    { status: 0 },
    { status: 409, code: 'layout_unknown' },
    { status: 200, wait: sleep(50) },
    { status: 503, headers: RETRY },
  ];
  return answers[(sequence * 3 + kind.length + before) % answers.length] ?? { status: 200 };
}

test('whatever the collector answers, every row that was read arrives once', async () => {
  collector = await openCollector(hostile);
  const spool = newSpool();
  expect(await ended(start(spool, '--replay', writeRecording(ROWS), '--speed', '0', '--queue-bytes', '8MiB'))).toBe(0);
  await sendTheRest(spool);
  expectBalance();
  for (const kind of KIND) {
    expect(accountedOf(collector.reports, kind, collector.reports[0]?.epoch)).toEqual({ seen: ROWS, sent: ROWS });
  }
});

test('an agent that is killed again and again loses only what was in no batch yet, and names it', async () => {
  collector = await openCollector(hostile);
  const spool = newSpool();
  const recording = writeRecording(2000);
  for (let run = 0; run < 4; run++) {
    const child = start(spool, '--replay', recording, '--speed', '1000', '--loop');
    const epochOf = ({ headers }: Attempt) => headers['tcplens-epoch'];
    const before = collector.attempts.length;
    const known = new Set(collector.attempts.map(epochOf));
    // Of its own batches too: those of the runs before may come first.
    await until('attempts', () => collector.attempts.length > before + 5 && collector.attempts.some((each) => !known.has(epochOf(each))));
    await sleep(37 * run);
    child.kill('SIGKILL');
    await ended(child);
  }
  await sendTheRest(spool);
  expectBalance();
  expect(new Set(collector.accepted().map(({ headers }) => headers['tcplens-epoch'])).size).toBeGreaterThanOrEqual(4);
});

test('one that was started without a collector has it all once there is one, the account of each run included', async () => {
  collector = await openCollector();
  const { url } = collector;
  // Not a port that was closed, which another test's server may be given.
  collector.url = 'http://127.0.0.1:1';
  const spool = newSpool();
  for (let run = 0; run < 2; run++) {
    expect(await ended(start(spool, '--replay', writeRecording(3000), '--speed', '0', '--queue-bytes', '64MiB'))).toBe(0);
  }
  collector.url = url;
  await sendTheRest(spool);
  expect(arrived('sample')).toBeGreaterThanOrEqual(6000);
  expectBalance();
});

/** As a disk does that fails while it is read. */
function damage(file: string): void {
  const bytes = readFileSync(file);
  for (let at = 5000; at < bytes.length; at += 100) bytes[at] = (bytes[at] ?? 0) ^ 1;
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, 0);
  closeSync(descriptor);
}

test('one that fails at its source ends by itself, and what it has read waits for the next', async () => {
  collector = await openCollector(() => ({ status: 503, headers: { 'retry-after': '600' } }));
  const spool = newSpool();
  const recording = writeRecording(ROWS);
  // Never so much that the recording has to wait.
  const child = start(spool, '--replay', recording, '--speed', '0', '--loop', '--queue-bytes', '4GiB');
  await until('an attempt', () => collector.attempts.length > 0);
  damage(recording);
  expect(await ended(child)).toBe(1);
  collector.close();
  collector = await openCollector();
  await sendTheRest(spool);
  expect(arrived('sample')).toBeGreaterThan(0);
  expectBalance();
  expect(collector.reports.flatMap(({ accounting }) => accounting).filter(({ outcome }) => outcome === 'died')).toEqual([]);
});

test('a spool that another agent has is an error that says so', async () => {
  collector = await openCollector();
  const spool = newSpool();
  const first = start(spool, '--replay', writeRecording(10), '--loop');
  await until('rows', () => collector.accepted().length > 0);
  const second = spawn(
    process.execPath,
    ['cli.ts', 'agent', '--collector', collector.url, '--spool', spool, '--replay', writeRecording()],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  second.stderr.on('data', (chunk) => {
    said += chunk;
  });
  expect(await ended(second)).toBe(78);
  expect(said).toContain('another agent uses the spool');
  first.kill('SIGTERM');
  expect(await ended(first)).toBe(0);
});
