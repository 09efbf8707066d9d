// `tcplens ask` against a collector that has stored a few known rows: what it prints is what the API answers.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Differs } from '../../../server/api/differs.ts';
import type { Explored, ExploreNames } from '../../../server/api/explore.ts';
import { API } from '../../../server/api.ts';
import { root } from '../../support/project-files.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from '../support/collector.ts';
import { fillKnown } from '../support/known-rows.ts';

let directory: TestDirectory;
let collector: TestCollector;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(join(directory.path, 'data'));
  await fillKnown(collector.url);
});
afterAll(async () => {
  await collector?.stop();
  await directory?.remove();
});

async function ask(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const asked = ['cli.ts', 'ask', ...args, ...(args.includes('--collector') ? [] : ['--collector', collector.url])];
  const child = spawn(process.execPath, asked, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** What the API answers to the same. */
async function api(query: Record<string, string>): Promise<string> {
  const response = await fetch(`${collector.url}${API.explore}?${new URLSearchParams(query)}`);
  return response.text();
}

const TIMES = { from: '2026-01-31T10:00Z', to: '2026-01-31T11:00:30.5+01:00' };

test('a table: each group with its figures, of which time, from what, and how complete', async () => {
  const { code, stdout, stderr } = await ask(
    'service_port = 443',
    '--metrics',
    'retransmits,resets_received,drops',
    '--by',
    'process,host',
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [head, line, ...rest] = stdout.split('\n');
  expect(head?.trim().split(/ {2,}/)).toEqual(['process', 'host', 'retransmits', 'resets_received', 'drops']);
  expect(line?.trim().split(/ {2,}/)).toEqual(['curl', 'web-1', '6', '0', '1']);
  expect(rest.join('\n')).toMatch(/^retransmits: .+; counted at the end that sent$/m);
  expect(rest.join('\n')).toMatch(/^\d{4}-\d\d-\d\d .+ UTC to .+ UTC: 90 % of what the hosts saw; from rows, \d+ rows in \d+ ms$/m);
});

test('JSON and CSV are the API’s, a Parquet file is one; the time is the one that was asked for', async () => {
  const times = ['--from', TIMES.from, '--to', TIMES.to];
  const metrics = 'retransmits,rtt';
  const told = JSON.parse((await ask('--metrics', metrics, '--by', 'process', '--json', ...times)).stdout) as Explored;
  expect(told).toMatchObject({ from_ms: Date.UTC(2026, 0, 31, 10), to_ms: Date.UTC(2026, 0, 31, 10, 0, 30, 500), rows: [] });
  const csv = await ask('--metrics', metrics, '--by', 'process', '--last', '1h', '--csv');
  expect(csv.stdout).toBe(await api({ metrics, by: 'process', step: 'none', format: 'csv' }));
  expect(csv.stdout.split('\r\n')[1]).toMatch(/^curl,/);
  const file = join(directory.path, 'answer.parquet');
  expect(await ask('--parquet', file)).toMatchObject({ code: 0, stdout: '' });
  expect(readFileSync(file).subarray(0, 4).toString()).toBe('PAR1');
});

test('in steps, a line for each; a distribution says how many, and up to where', async () => {
  const { stdout } = await ask('--metrics', 'retransmits,rtt', '--step', '60', '--last', '10m');
  const [head = '', ...lines] = stdout.slice(0, stdout.indexOf('\n\n')).split('\n');
  expect(head.trim().split(/ {2,}/)).toEqual(['time', 'retransmits', 'rtt']);
  expect(lines.map((line) => /^\d{4}-\d\d-\d\d \d\d:\d\d:00 UTC +(\S+)/.exec(line)?.[1]).reduce((sum, each) => sum + Number(each), 0)).toBe(
    6,
  );
});

test('what there is to ask for', async () => {
  const { stdout } = await ask('--names');
  const { metrics, dimensions } = JSON.parse((await ask('--names', '--json')).stdout) as ExploreNames;
  for (const { name, words } of metrics) expect(stdout).toMatch(new RegExp(`^${name} .*${words.slice(0, 20).replaceAll(/\W/g, '.')}`, 'm'));
  for (const { name, field } of dimensions) expect(stdout).toMatch(new RegExp(`^${name} +${field.replaceAll('.', '\\.')}`, 'm'));
});

test('what differs', async () => {
  const { code, stdout } = await ask('--metrics', 'retransmits', '--differs');
  const { state, before } = JSON.parse((await ask('--metrics', 'retransmits', '--differs', '--json')).stdout) as Differs;
  expect({ code, state, before: before.value }).toEqual({ code: 0, state: 'nothing_before', before: 0 });
  expect(stdout).toMatch(
    /^retransmits: .+\nnow \S+\/s .+, before 0\/s .+\nthere is nothing before to compare it with\nby +value +before +now +explains\nhost +web-1 +0\/s +\S+\/s +100 % +of few\n/,
  );
});

test.each<[string, number, RegExp, string[]]>([
  ['a wrong filter, with the place', 1, /refuses: .*porrt/s, ['porrt = 443']],
  ['a metric that there is not', 1, /refuses: .*no_such/, ['--metrics', 'no_such']],
  ['nobody who answers', 1, /does not answer: .*--collector is the URL/, ['--collector', 'http://127.0.0.1:1']],
  ['no collector', 2, /is not a URL/, ['--collector', 'web-1']],
  ['no time', 2, /is not a time: write it like 2026-01-31T10:00Z/, ['--from', 'yesterday']],
  ['a time of no calendar', 2, /is not a time/, ['--from', '2026-13-41']],
  ['two formats', 2, /--json and --csv do not go together/, ['--json', '--csv']],
  ['a file of names', 2, /--names and --parquet do not go together/, ['--names', '--parquet', 'x']],
  ['steps of what differs', 2, /--differs and --step do not go together/, ['--differs', '--step', '60']],
  ['a time twice', 2, /--from and --last do not go together/, ['--from', '2026-01-31', '--last', '1h']],
  ['an end without a beginning', 2, /--to needs --from/, ['--to', '2026-01-31']],
  ['groups of what differs', 2, /--differs and --by do not go together/, ['--differs', '--by', 'host']],
])('refused: %s', async (_, code, message, args) => {
  const said = await ask(...args);
  expect(said).toMatchObject({ stdout: '', stderr: expect.stringMatching(message) });
  expect(said.code).toBe(code);
});
