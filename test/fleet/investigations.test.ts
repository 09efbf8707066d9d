// Investigations on a fleet that runs: two collectors on one store, agents at both, and traffic that never ends. What is stored is compared with
// what each agent says; times and the agents' memory are printed.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { INVESTIGATIONS_API, type InvestigationStart, type OneInvestigation } from '../../server/api/investigations.ts';
import { ownerOf } from '../server/support/enrolled.ts';
import { ASKED } from '../server/support/investigating.ts';
import { isRoot } from '../support/filtered.ts';
import { waitFor } from '../support/wait.ts';
import { type Asking, askFrom } from './asking.ts';
import { type Host, type Lan, makeLan } from './lan.ts';
import { type Process, Processes } from './processes.ts';

/** An even number: one more joins the first collector while the second is away. */
const HOSTS = Number(process.env['TCPLENS_FLEET_HOSTS'] ?? 4);
const PORT = 9100;
/** All hosts share this machine's processors, and each packet runs the programs of all of them. */
const IS_LARGE = HOSTS > 10;
/** Connections of all pairs of hosts, and how often each says something. */
const TALK = IS_LARGE ? { connections: 1000, every_ms: 5000 } : { connections: 20, every_ms: 100 };
const STARTS = 10;
/** What a host may write while starts are timed, and how often the store is asked for it: all hosts share one engine. */
const TIMED = IS_LARGE ? { rows_per_s: 10, ask_ms: 500 } : { rows_per_s: 500, ask_ms: 20 };
const COLLECTORS = ['https://10.78.0.1:8600', 'https://10.78.0.1:8601'] as const;
type At = 0 | 1;

let directory = '';
let lan: Lan;
let processes: Processes;
let asking: Asking;
let store = '';
const collectors: Process[] = [];
const agents: Process[] = [];

const dataOf = (at: At) => join(directory, `data-${at}`);
const hostAt = (index: number) => lan.hosts[index] as Host;
/** Half of the agents prefer each collector. */
const collectorOf = (index: number): At => (index % 2 === 0 ? 0 : 1);

function startCollector(at: At): Process {
  const listen = COLLECTORS[at].replace('https://', '');
  return processes.tcplens(lan.hub, 'serve', '--data', dataOf(at), '--listen', listen, '--clickhouse', `${store}/tcplens`);
}

/** Every host has one end of some of the connections. */
async function talk(server: Host, client: Host): Promise<void> {
  const many = [(2 * TALK.connections) / HOSTS, TALK.every_ms].map(String);
  await processes.start(server, process.execPath, ['test/fleet/chatter.ts', String(PORT)]).until(/talking/);
  await processes.start(client, process.execPath, ['test/fleet/chatter.ts', String(PORT), server.address, ...many]).until(/talking/);
}

async function startAgent(index: number): Promise<Process> {
  const at = collectorOf(index);
  const printed = await processes.run(lan.hub, 'admin', '--data', dataOf(at), 'enrol', '--label', `half=${at}`);
  const [, line = ''] = /--join '([^']+)'/.exec(printed) ?? [];
  const state = ['--own-netns', '--state-dir', join(directory, `host-${index}`), '--ring-bytes', '1MiB'];
  const own = [...state, '--metrics', 'none', '--interval', '10s', '--cpu-budget', '100%'];
  const agent = processes.tcplens(hostAt(index), 'agent', ...own, '--join', line, '--collector', COLLECTORS[at]);
  await agent.until(/"msg":"watching"/);
  return agent;
}

beforeAll(async () => {
  if (!isRoot) return;
  directory = await mkdtemp(join(tmpdir(), 'tcplens-investigations-'));
  lan = makeLan(HOSTS + 1);
  processes = new Processes(lan);
  asking = askFrom(lan, lan.hub);
  const front = processes.start(lan.hub, process.execPath, ['test/server/storage/http-front.ts', directory]);
  store = `http://127.0.0.1:${Number(await front.until(/^\d+/m))}`;
  for (const at of [0, 1] as const) collectors.push(startCollector(at));
  for (const collector of collectors) await collector.until(/"msg":"ready"/);
  for (let index = 0; index < HOSTS; index++) agents.push(await startAgent(index));
  for (let index = 0; index < HOSTS; index += 2) await talk(hostAt(index), hostAt(index + 1));
});
afterAll(async () => {
  asking?.close();
  processes?.close();
  lan?.close();
  await rm(directory, { recursive: true, force: true });
});

async function api<Said>(at: At, path: string, json?: object): Promise<Said> {
  const { status, text } = await asking.ask({ url: COLLECTORS[at] + path, headers: ownerOf(dataOf(at)), ...(json && { json }) });
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  return JSON.parse(text) as Said;
}
const start = async (changes: Partial<InvestigationStart>, at: At = 0) =>
  (
    await api<{ id: string }>(at, INVESTIGATIONS_API.investigations, {
      ...ASKED,
      expression: `port = ${PORT}`,
      detail: 'packets',
      ...changes,
    })
  ).id;
const stop = (id: string, at: At = 0) => api(at, INVESTIGATIONS_API.stop.replace(':id', id), {});
const one = (id: string, at: At = 0) => api<OneInvestigation>(at, INVESTIGATIONS_API.investigation.replace(':id', id));
const whenAll = (id: string, state: 'running' | 'ended', count: number, at: At = 0) =>
  waitFor(
    `${count} hosts where ${id} is ${state}`,
    () => one(id, at),
    ({ counts }) => counts[state] === count,
    100,
  );

/** What a host may write at once, in seconds of its budget. */
const BURST_S = 1 / 5;

type Stored = { rows: number; first_ms: number; last_ms: number; still_ms: number };

/** What the store has of what investigations asked for, by host; `still_ms`: for how long it wrote nothing though it might have, beyond a burst. */
async function rowsOf(since_ms: number, slot?: number): Promise<Map<string, Stored>> {
  const bit = slot === undefined ? 'filters != 0' : `bitTest(filters, ${slot})`;
  const kinds = ['packet', 'progress', 'connection', 'state_change', 'retransmit', 'reset', 'drop', 'congestion', 'sample', 'listener'].map(
    (kind) =>
      `SELECT host_id, toUnixTimestamp64Nano(time_ns) AS ns FROM ${kind} FINAL WHERE time_ns >= fromUnixTimestamp64Milli(${Math.floor(since_ms)}) AND ${bit}`,
  );
  const gaps = `arrayFilter(gap -> gap > ${BURST_S * 1e9}, arrayPopFront(arrayDifference(arraySort(groupArray(ns)))))`;
  const still = slot === undefined ? '0' : `arraySum(arrayMap(gap -> gap - ${BURST_S * 1e9}, ${gaps}))`;
  const sql = `SELECT lower(leftPad(hex(host_id), 16, '0')) AS host, count() AS rows, min(ns) / 1e6 AS first_ms, max(ns) / 1e6 AS last_ms, ${still} / 1e6 AS still_ms
FROM (${kinds.join(' UNION ALL ')}) GROUP BY host FORMAT TSV`;
  const { status, text } = await asking.ask({ url: `${store}/?database=tcplens`, text: sql });
  if (status !== 200) throw new Error(text);
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [host = '', rows, first_ms, last_ms, still_ms] = line.split('\t');
      return [host, { rows: Number(rows), first_ms: Number(first_ms), last_ms: Number(last_ms), still_ms: Number(still_ms) }];
    }),
  );
}

/** Resident memory of a process (proc(5)). */
const residentMiB = (pid: number): number =>
  Math.round(Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024);

const of = (numbers: readonly number[], share: number) =>
  Math.round(numbers.toSorted((a, b) => a - b)[Math.ceil(numbers.length * share) - 1] ?? Number.NaN);

/** From the stop to the last row. If a host went on, there were hundreds of later rows in the half second that is waited for beyond it. */
const LAST_ROW_MS = 2000;

test.skipIf(!isRoot)('it begins on every host of both collectors, and ends there; nothing comes after', async () => {
  const [written, first]: [number[], number[]] = [[], []];
  const last: number[] = [];
  for (let made = 0; made < STARTS; made++) {
    const at = made % 2 === 0 ? 0 : 1;
    const began_ms = Date.now();
    const id = await start({ rows_per_s: TIMED.rows_per_s }, at);
    const seen = new Map<string, number>();
    await waitFor(
      'rows of all hosts',
      async () => {
        for (const host of (await rowsOf(began_ms)).keys()) if (!seen.has(host)) seen.set(host, Date.now() - began_ms);
        return seen.size;
      },
      (size) => size === HOSTS,
      TIMED.ask_ms,
    );
    first.push(...seen.values());
    await whenAll(id, 'running', HOSTS, at);
    const stopped_ms = Date.now();
    await stop(id, at);
    const { at_hosts } = await whenAll(id, 'ended', HOSTS, at);
    expect(new Set(at_hosts.map(({ reason }) => reason))).toEqual(new Set(['by_hand']));
    const ended_ms = Date.now();
    await sleep(Math.max(0, stopped_ms + LAST_ROW_MS - ended_ms) + 500);
    const rows = await rowsOf(began_ms);
    written.push(...[...rows.values()].map(({ first_ms }) => first_ms - began_ms));
    last.push(...[...rows.values()].map(({ last_ms }) => last_ms - stopped_ms));
    const after_end_ms = [...rows.values()].map(({ last_ms }) => last_ms - ended_ms).filter((ms) => ms > 0);
    expect(after_end_ms, 'ms after all hosts had said that it ended').toEqual([]);
    expect([...rows.values()].map(({ last_ms }) => last_ms - stopped_ms).filter((ms) => ms > LAST_ROW_MS)).toEqual([]);
  }
  const said = (what: string, took: readonly number[]) =>
    console.log(`${what}, of ${took.length}: median ${of(took, 0.5)} ms, p95 ${of(took, 0.95)} ms, the longest ${of(took, 1)} ms`);
  said("start to a host's first row", written);
  said('start to that in the store, which is a thread that all share', first);
  said("stop to a host's last row", last);
});

test.skipIf(!isRoot)('each host keeps to its budget: as many rows are stored as it says, and as it may write', async () => {
  const [rows_per_s, for_ms] = IS_LARGE ? [10, 300_000] : [100, 20_000];
  const began_ms = Date.now();
  const id = await start({ rows_per_s, for_ms });
  const { at_hosts } = await whenAll(id, 'ended', HOSTS);
  expect(new Set(at_hosts.map(({ reason }) => reason))).toEqual(new Set(['time']));
  const [slot = 0] = at_hosts.map((host) => host.slot);
  const passed = new Map(at_hosts.map((host) => [host.host_id, host.passed]));
  const stored = await waitFor(
    'all rows in the store',
    () => rowsOf(began_ms, slot),
    (rows) => [...passed].every(([host, count]) => (rows.get(host)?.rows ?? 0) >= count),
    200,
  );
  expect(new Map([...stored].map(([host, { rows }]) => [host, rows]))).toEqual(passed);
  // Times are the kernel's. Time in which a busy machine sent nothing, beyond what a burst makes good, is left out: nothing could be
  // written.
  const shares = [...stored.values()].map(
    ({ rows, first_ms, last_ms, still_ms }) => rows / (rows_per_s * ((last_ms - first_ms - still_ms) / 1000 + BURST_S)),
  );
  console.log(`resident memory of agents, MiB: ${agents.map(({ child }) => residentMiB(child.pid ?? 0)).join(', ')}`);
  console.log(`of the rows that each host might write: ${shares.map((share) => `${(share * 100).toFixed(1)} %`).join(', ')}`);
  for (const share of shares) expect(Math.abs(share - 1)).toBeLessThan(0.05);
});

test.skipIf(!isRoot)('whoever dies, it goes on where it should, and ends in time', async () => {
  const wait_ms = Math.round(Math.random() * 2000);
  console.log(`killed after ${wait_ms} ms`);
  const id = await start({ rows_per_s: 100, for_ms: 600_000 });
  await sleep(wait_ms);
  agents[1]?.child.kill('SIGKILL');
  agents[1] = await startAgent(1);
  await whenAll(id, 'running', HOSTS);
  collectors[1]?.child.kill('SIGKILL');
  // A host that comes later gets the investigation, too: the store has all that its collector needs.
  agents.push(await startAgent(HOSTS));
  collectors[1] = startCollector(1);
  await collectors[1].until(/"msg":"ready"/);
  await whenAll(id, 'running', HOSTS + 1, 1);
  await stop(id, 1);
  await whenAll(id, 'ended', HOSTS + 1, 1);
  // Without its collector, an agent ends the investigation when its time is over.
  const short = await start({ rows_per_s: 100, for_ms: 45_000 });
  await whenAll(short, 'running', HOSTS + 1);
  collectors[1].child.kill('SIGKILL');
  for (const agent of agents) await agent.until(new RegExp(`"investigation":"${short}","reason":"time"`));
  collectors[1] = startCollector(1);
  await waitFor(
    'what all hosts say of their end',
    async () => new Set((await one(short)).at_hosts.map(({ reason }) => reason)),
    (reasons) => reasons.size === 1 && reasons.has('time'),
    200,
  );
});
