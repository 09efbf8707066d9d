// The agent as a process, from a recording to a real collector: what arrives, what is reported, how it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import Value from 'typebox/value';
import { afterEach, expect, test } from 'vitest';
import { AgentReport } from '../../agent/contract/agent-report.ts';
import { KIND, KINDS } from '../../bpf/rows/rows.gen.ts';
import { root } from '../support/project-files.ts';
import { accountedOf, type Collector, openCollector } from './collector.ts';
import { writeRecording } from './recorded.ts';
import { until } from './until.ts';

let collector: Collector | undefined;
afterEach(() => collector?.close());

type Started = { stderr: () => string; ended: Promise<number | null>; kill: (signal: NodeJS.Signals) => void; disconnect: () => void };

function start(...args: string[]): Started {
  const child = spawn(process.execPath, ['cli.ts', ...args], { cwd: root, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  // An exit may come before the last of what it wrote. ('close' does not come where the channel was closed from here.)
  const written = child.stderr && once(child.stderr, 'close');
  const ended = once(child, 'exit').then(async ([code]) => {
    await written;
    return code as number | null;
  });
  return { stderr: () => text, ended, kill: (signal) => child.kill(signal), disconnect: () => child.disconnect() };
}

const rowsOf = (found: Collector) =>
  found.accepted().reduce((sum, { headers, rows }) => sum + rows.length / sizeOf(headers['tcplens-schema']), 0);
const sizeOf = (schema: unknown) => KIND.map((kind) => KINDS[kind]).find((layout) => layout.schema === schema)?.size ?? Number.NaN;

test('a replay sends every row once, reports its account and ends', async () => {
  collector = await openCollector(({ kind }, before) => ({ status: kind === 'sample' && before === 0 ? 503 : 200 }));
  const agent = start('replay', writeRecording(1000), '--collector', collector.url, '--speed', '0', '--host-id', '00000000000000ff');
  expect(await agent.ended, agent.stderr()).toBe(0);
  expect(rowsOf(collector)).toBe(KIND.length * 1000);
  const last = collector.reports.at(-1);
  expect(Value.Check(AgentReport, last), JSON.stringify([...Value.Errors(AgentReport, last)])).toBe(true);
  expect(last).toMatchObject({ host_id: '00000000000000ff', processes: [], cgroups: [] });
  for (const kind of KIND) {
    expect(accountedOf(collector.reports, kind)).toEqual({ seen: 1000, sent: 1000 });
  }
});

test('a slow collector slows a replay down and costs no row', async () => {
  collector = await openCollector();
  const agent = start('replay', writeRecording(15_000), '--collector', collector.url, '--speed', '0', '--queue-bytes', '8MiB');
  expect(await agent.ended, agent.stderr()).toBe(0);
  expect(rowsOf(collector)).toBe(KIND.length * 15_000);
});

test.each(['SIGINT', 'SIGTERM', 'disconnect'] as const)('%s: what is left is shipped, exit 0', async (how) => {
  collector = await openCollector();
  const agent = start(
    'agent',
    '--replay',
    writeRecording(10),
    '--loop',
    '--collector',
    collector.url,
    '--metrics',
    'none',
    '--exit-with-parent',
  );
  await until('rows', () => (collector?.accepted().length ?? 0) > 0);
  if (how === 'disconnect') agent.disconnect();
  else agent.kill(how);
  expect(await agent.ended, agent.stderr()).toBe(0);
  expect(agent.stderr()).not.toContain('/metrics');
  const { reports } = collector;
  const sums = KIND.map((kind) => accountedOf(reports, kind));
  for (const { seen, sent } of sums) expect(sent).toBe(seen);
  expect(rowsOf(collector)).toBe(sums.reduce((sum, { sent = 0 }) => sum + sent, 0));
});

test('/metrics tells the same account, and an address in use is an error that says so', async () => {
  collector = await openCollector();
  const agent = start('agent', '--replay', writeRecording(10), '--loop', '--collector', collector.url, '--metrics', '127.0.0.1:0');
  await until('the address', () => agent.stderr().includes('/metrics'));
  const url = /http:\/\/[^"]+\/metrics/.exec(agent.stderr())?.[0] ?? '';
  const text = await (await fetch(url)).text();
  expect(text).toMatch(/^tcplens_agent_rows_total\{tcplens_kind="retransmit",tcplens_stage="seen".*\} \d+$/m);
  const second = start('agent', '--replay', writeRecording(), '--collector', collector.url, '--metrics', new URL(url).host);
  expect(await second.ended).toBe(1);
  expect(second.stderr()).toMatch(/cannot serve \/metrics on 127\.0\.0\.1:\d+: use another --metrics address/);
  agent.kill('SIGINT');
  expect(await agent.ended).toBe(0);
});
