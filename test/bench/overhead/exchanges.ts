// Kept connections that carry requests and answers: what is lost of them with each contender, turn by turn beside nothing,
// and how long its BPF programs take for one, which does not depend on what else the machine does.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { LoneNetns } from '../../support/lone-netns.ts';
import { ranBetween, readPrograms } from './bpf-programs.ts';
import type { Contender } from './contenders.ts';
import { counting } from './counting.ts';
import { median } from './median.ts';
import { heldPrograms } from './process-figures.ts';
import { withContender } from './turn.ts';

export type Case = { connections: number; bytes: number };
export type Helpers = { exchange: string; count_runs: string };
/** Ratios to nothing: of exchanges a second, and of the processor time that an exchange takes, which others on the machine disturb less. */
export type ExchangeTurn = { exchanges_per_s: number; p99_us: number; of_nothing: number; cpu_of_nothing: number; kernel_ns: number };
export type ExchangeFigures = Case & ExchangeTurn & { contender: string };

type Said = { exchanges: number; exchanges_per_s: number; cpu_ns: number; p99_us: number };

/** Programs that run less often than that in an exchange are there for something else. */
const RUNS_MIN = 0.1;
const COUNTED = 3;

/** Connections that stay open; each call has them exchange for so many seconds. */
async function openExchange(helpers: Helpers, place: LoneNetns, { connections, bytes }: Case) {
  const child = place.start(helpers.exchange, String(connections), String(bytes));
  const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]();
  await lines.next();
  const run = async (seconds: number): Promise<Said> => {
    child.stdin?.write(`${seconds}\n`);
    const { value } = await lines.next();
    if (value === undefined) throw new Error('the exchange has ended');
    return JSON.parse(value) as Said;
  };
  const close = async () => {
    const exit = once(child, 'exit');
    child.stdin?.end();
    await exit;
  };
  return { run, close };
}

/** What a contender's programs take for an exchange: the least of several times, since interrupts only add to it. */
async function kernelNs(helpers: Helpers, pid: number, run: () => Promise<Said>): Promise<number> {
  return counting(helpers.count_runs, async () => {
    const held = heldPrograms(pid);
    const figures: number[] = [];
    for (let time = 0; time < COUNTED; time++) {
      const before = readPrograms();
      const { exchanges } = await run();
      const own = ranBetween(before, readPrograms()).filter(({ id, runs }) => held.has(id) && runs >= RUNS_MIN * exchanges);
      figures.push(own.reduce((sum, { ns }) => sum + ns, 0) / exchanges);
    }
    return Math.min(...figures);
  });
}

type Tried = { contender: Contender; at: Case; seconds: number; place: LoneNetns; helpers: Helpers };

/** Nothing before and after: what slows the machine down meanwhile slows both. */
async function exchangeTurn({ contender, at, seconds, place, helpers }: Tried): Promise<ExchangeTurn> {
  const { run, close } = await openExchange(helpers, place, at);
  try {
    const before = await run(seconds);
    const { plain, kernel_ns } = await withContender(contender, place.name, async (pid) => {
      await run(seconds / 4);
      return { plain: await run(seconds), kernel_ns: await kernelNs(helpers, pid, () => run(seconds / COUNTED)) };
    });
    const after = await run(seconds);
    const of_nothing = (2 * plain.exchanges_per_s) / (before.exchanges_per_s + after.exchanges_per_s);
    const cpu_of_nothing = (2 * plain.cpu_ns) / (before.cpu_ns + after.cpu_ns);
    return { exchanges_per_s: plain.exchanges_per_s, p99_us: plain.p99_us, of_nothing, cpu_of_nothing, kernel_ns };
  } finally {
    await close();
  }
}

export async function exchangeFigures(turns: number, tried: Tried): Promise<ExchangeFigures> {
  const taken: ExchangeTurn[] = [];
  for (let turn = 0; turn < turns; turn++) taken.push(await exchangeTurn(tried));
  const of = (read: (turn: ExchangeTurn) => number) => median(taken.map(read));
  return {
    ...tried.at,
    contender: tried.contender.name,
    exchanges_per_s: of(({ exchanges_per_s }) => exchanges_per_s),
    p99_us: of(({ p99_us }) => p99_us),
    of_nothing: of(({ of_nothing }) => of_nothing),
    cpu_of_nothing: of(({ cpu_of_nothing }) => cpu_of_nothing),
    kernel_ns: Math.min(...taken.map(({ kernel_ns }) => kernel_ns)),
  };
}
