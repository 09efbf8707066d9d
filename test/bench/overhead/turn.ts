// One turn: a contender is started, the same storm passes twice, first for what it costs and then for how long its
// programs take, and the contender is stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StormFigures } from '../../support/storm.ts';
import { type Program, ranBetween, readPrograms } from './bpf-programs.ts';
import type { Contender } from './contenders.ts';
import { counting } from './counting.ts';
import { cpuBetween, heldPrograms, peakRssMib, readCpu } from './process-figures.ts';

/** Per connection, which has two ends on this machine. */
export type Turn = {
  connections_per_s: number;
  p50_us: number;
  p99_us: number;
  user_us: number;
  system_us: number;
  kernel_ns: number;
  programs: readonly (Program & { connections: number })[];
  /** programs of others that ran meanwhile: they are in connections_per_s */
  foreign: readonly string[];
  peak_rss_mib: number;
  lost: number;
};

/** `count_runs`: the compiled count-runs.c */
export type Storm = { netns: string; count_runs: string; run(seconds: number): Promise<StormFigures> };
export type Seconds = { plain: number; counted: number };

const START_MS_MAX = 30_000;
/** Attached once it has held the same for so long. */
const STEADY_MS = 600;
/** Between the storm's end and the last reading: everyone reads out its buffers meanwhile. */
const AFTER_MS = 400;

type Running = { child: ChildProcess; pid: number; stderr: () => string };

/** What is left out of a turn with nothing: it costs nobody anything. */
export async function emptyTurn(storm: Storm, seconds: Seconds): Promise<Turn> {
  const { connections_per_s, p50_us, p99_us } = await storm.run(seconds.plain);
  const nothing = { user_us: 0, system_us: 0, kernel_ns: 0, programs: [], foreign: [], peak_rss_mib: 0, lost: 0 };
  return { connections_per_s, p50_us, p99_us, ...nothing };
}

export async function takeTurn(contender: Contender, storm: Storm, seconds: Seconds): Promise<Turn> {
  const running = start(contender, storm.netns);
  try {
    await attached(contender, running);
    const began = readCpu(running.pid);
    const plain = await storm.run(seconds.plain);
    await sleep(AFTER_MS);
    const cpu = cpuBetween(began, readCpu(running.pid));
    const { ran, connections } = await counted(storm, seconds.counted);
    const held = heldPrograms(running.pid);
    const own = ran.filter(({ id }) => held.has(id));
    const lost = (await contender.lostSoFar?.(running.stderr())) ?? 0;
    const peak_rss_mib = peakRssMib(running.pid);
    await stop(running);
    const { connections_per_s, p50_us, p99_us } = plain;
    return {
      connections_per_s,
      p50_us,
      p99_us,
      user_us: cpu.user_us / plain.connections,
      system_us: cpu.system_us / plain.connections,
      kernel_ns: own.reduce((sum, { ns }) => sum + ns, 0) / connections,
      programs: own.map((program) => ({ ...program, connections })),
      foreign: [...new Set(ran.filter(({ id }) => !held.has(id)).map(({ name }) => name))],
      peak_rss_mib,
      lost: lost + (contender.lostInAll?.(running.stderr()) ?? 0),
    };
  } finally {
    await stop(running);
  }
}

/** Runs something while a contender is attached; it is told the contender's process. */
export async function withContender<Value>(contender: Contender, netns: string, body: (pid: number) => Promise<Value>): Promise<Value> {
  const running = start(contender, netns);
  try {
    await attached(contender, running);
    return await body(running.pid);
  } finally {
    await stop(running);
  }
}

async function counted(storm: Storm, seconds: number): Promise<{ ran: Program[]; connections: number }> {
  return counting(storm.count_runs, async () => {
    const before = readPrograms();
    const { connections } = await storm.run(seconds);
    await sleep(AFTER_MS);
    return { ran: ranBetween(before, readPrograms()), connections };
  });
}

/** libbpf's tools and bpftrace look for tracepoints in a file system that not every machine has mounted. */
const WITH_TRACEFS = 'mount -t debugfs none /sys/kernel/debug; mount -t tracefs none /sys/kernel/tracing; exec "$@"';

function start({ command, inside = false }: Contender, netns: string): Running {
  const tracing = ['unshare', '--mount', 'sh', '-c', WITH_TRACEFS, 'sh', ...command];
  const [program = '', ...args] = inside ? ['ip', 'netns', 'exec', netns, ...command] : tracing;
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  return { child, pid: child.pid ?? 0, stderr: () => text };
}

async function attached({ name, ready }: Contender, { child, pid, stderr }: Running): Promise<void> {
  const deadline = Date.now() + START_MS_MAX;
  let held = '';
  let since = Date.now();
  for (; ; await sleep(50)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} ended: ${stderr()}`);
    if (Date.now() > deadline) throw new Error(`${name} does not attach: ${stderr()}`);
    const now = [...heldPrograms(pid)].join();
    if (now !== held) since = Date.now();
    held = now;
    const isReady = ready === undefined ? held !== '' : ready.test(stderr());
    if (isReady && Date.now() - since >= STEADY_MS) return;
  }
}

/** As Ctrl-C: every one of them says then what it has lost. */
async function stop({ child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  await exit;
}
