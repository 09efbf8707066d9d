// Many agents on one collector, each as one on an ordinary host: every few seconds what it saw, a batch a kind, and a report. Its
// batches are numbered, held until acknowledged, and sent again after as long as the collector asks for.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentReport } from '../../../agent/contract/agent-report.ts';
import { REPORT_PATH } from '../../../agent/contract/batch-envelope.ts';
import { CollectorProcess } from '../collector-process.ts';
import { type Batch, Cutter, hostOf, placed, type Recorded, rowsOf } from '../recorded-rows.ts';
import { behindDoor, type Joined, joinAll, rssKib, withCredential } from './behind-door.ts';
import { newSent, Sender, type Sent, sendBatches } from './send.ts';

export type AgentsRun = {
  agents: number;
  /** memory of the collector for each agent that has reported once and keeps its connection open */
  idle_kib: number;
  /** of the first reports, all at once, each over a connection of its own: with TLS its handshake is in it */
  first_ms: number[];
  /** connections that were opened after that */
  reconnected: number;
  batches: number;
  rows_per_s: number;
  batches_per_s: number;
  sent: Sent;
  report_ms: number[];
  report_statuses: Map<number, number>;
  cpu_us_per_row: number;
  cores: number;
  peak_rss_mib: number;
};

/** An agent sends one recording's rows every so often, and a report every second time. */
const PERIOD_MS = 5000;
/** Batches that an agent has on their way at a time. */
const IN_FLIGHT_MAX = 4;

type Turn = { due_ms: number; batches: readonly Batch[]; report: Buffer | undefined; shown: Record<string, string> };

/** @param seconds how long they go on; preparing takes about a third of it */
export async function manyAgents(
  directory: string,
  recordings: readonly Recorded[],
  agents: number,
  { seconds, secured = false }: { seconds: number /** with TLS, and a credential for each */; secured?: boolean },
): Promise<AgentsRun> {
  const data = mkdtempSync(join(directory, 'agents-'));
  const turns = Math.ceil((seconds * 1000) / PERIOD_MS);
  const collector = await CollectorProcess.start(data, ...(secured ? await behindDoor(directory) : []));
  const sender = new Sender(collector.url, agents);
  try {
    const joined = secured ? await joinAll(collector, agents) : undefined;
    const first = await allAtOnce(collector, sender, { agents, turns, start_ms: Date.now(), joined });
    const opened = sender.opened;
    const fleet: Fleet = { agents, turns, start_ms: Date.now(), joined };
    const lines = Array.from({ length: agents }, (_, index) => turnsOf(recordings, index, fleet));
    const rows = rowsOf(lines.flatMap((line) => line.flatMap(({ batches }) => batches)));
    const sent = newSent();
    const reports = { ms: [] as number[], statuses: new Map<number, number>() };
    const before_s = collector.cpu_s;
    const began_ms = performance.now();
    await Promise.all(lines.map((line) => agent(sender, line, began_ms, sent, reports)));
    const sending_s = (performance.now() - began_ms) / 1000;
    await collector.insertedAll(rows);
    const cpu_s = collector.cpu_s - before_s;
    return {
      agents,
      ...first,
      reconnected: sender.opened - opened,
      batches: sent.ack_ms.length,
      rows_per_s: rows / sending_s,
      batches_per_s: sent.ack_ms.length / sending_s,
      sent,
      report_ms: reports.ms,
      report_statuses: reports.statuses,
      cpu_us_per_row: (cpu_s * 1e6) / rows,
      cores: cpu_s / ((performance.now() - began_ms) / 1000),
      peak_rss_mib: collector.peak_rss_mib,
    };
  } finally {
    sender.close();
    await collector.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** All agents report at once, as after an outage: with TLS their handshakes are in it. Each one's connection stays open. */
async function allAtOnce({ pid }: CollectorProcess, sender: Sender, fleet: Fleet): Promise<Pick<AgentsRun, 'idle_kib' | 'first_ms'>> {
  const before = rssKib(pid);
  const told: Reports = { ms: [], statuses: new Map() };
  const agents = Array.from({ length: fleet.agents }, (_, index) => ({ index, ...memberOf(fleet, index) }));
  await Promise.all(agents.map(({ index, host_id, shown }) => tell(sender, reportOf(host_id, index, Date.now()), shown, told)));
  if (told.statuses.get(200) !== fleet.agents) throw new Error(`not all first reports were taken: ${JSON.stringify([...told.statuses])}`);
  return { idle_kib: (rssKib(pid) - before) / fleet.agents, first_ms: told.ms };
}

type Fleet = { agents: number; turns: number; start_ms: number; joined: Joined | undefined };

/** Which host an agent is, and what it has in its requests' heads. */
function memberOf({ joined }: Fleet, index: number): { host_id: bigint; shown: Record<string, string> } {
  const host_id = joined?.ids[index] ?? hostOf(index);
  return { host_id, shown: joined?.shown.get(host_id.toString(16).padStart(16, '0')) ?? {} };
}

function turnsOf(recordings: readonly Recorded[], index: number, fleet: Fleet): Turn[] {
  const { agents, turns, start_ms, joined } = fleet;
  const { host_id, shown } = memberOf(fleet, index);
  const cutter = new Cutter(host_id, BigInt(start_ms));
  return Array.from({ length: turns }, (_, turn) => {
    const recorded = recordings[(index + turn) % recordings.length];
    if (!recorded) return { due_ms: 0, batches: [], report: undefined, shown };
    const due_ms = (turn + index / agents) * PERIOD_MS;
    const place = { host_id, start_ns: BigInt(Math.round(start_ms + due_ms)) * 1_000_000n, copy: turn };
    const frames = recorded.frames.map((frame) => ({ kind: frame.kind, rows: placed(frame, recorded, place) }));
    const report = turn % 2 === 0 ? reportOf(host_id, index, start_ms + due_ms) : undefined;
    const batches = cutter.cut(frames);
    return { due_ms, batches: joined ? batches.map((batch) => withCredential(batch, joined)) : batches, report, shown };
  });
}

function reportOf(host_id: bigint, index: number, at_ms: number): Buffer {
  const report: AgentReport = {
    host_id: host_id.toString(16).padStart(16, '0'),
    epoch: '0000000000000001',
    at_ms: Math.round(at_ms),
    host: { name: `bench-${index}`, machine: 'x86_64', kernel: '6.18', agent_version: 'bench' },
    processes: [],
    cgroups: [],
    netns: [],
    hooks: [],
    interval_ms: PERIOD_MS,
    accounting: [],
  };
  return Buffer.from(JSON.stringify(report));
}

type Reports = { ms: number[]; statuses: Map<number, number> };

async function agent(sender: Sender, turns: readonly Turn[], began_ms: number, sent: Sent, reports: Reports): Promise<void> {
  const sending: Promise<void>[] = [];
  for (const { due_ms, batches, report, shown } of turns) {
    await sleep(Math.max(0, began_ms + due_ms - performance.now()));
    sending.push(sendBatches(sender, batches, IN_FLIGHT_MAX, sent));
    if (report) sending.push(tell(sender, report, shown, reports));
  }
  await Promise.all(sending);
}

async function tell(sender: Sender, report: Buffer, shown: Record<string, string>, { ms, statuses }: Reports): Promise<void> {
  const began_ms = performance.now();
  const { status } = await sender.post(REPORT_PATH, { 'content-type': 'application/json', ...shown }, report);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  ms.push(performance.now() - began_ms);
}
