// From turns to figures: medians of a contender's turns, and the ratios between contenders that the aims are about.
import type { Program } from './bpf-programs.ts';
import type { ExchangeFigures } from './exchanges.ts';
import { median } from './median.ts';
import type { Turn } from './turn.ts';

export type Figures = Record<Exclude<keyof Turn, 'programs' | 'foreign'>, number> & {
  cpu_us: number;
  /** median of the ratios to nothing's turn of the same round: what slows the machine down for a while slows both */
  connections_ratio_to_nothing: number;
};

/** A program's share: nanoseconds a run, runs a connection, and events it missed in all turns. */
export type ProgramFigures = { name: string; ns_a_run: number; runs_a_connection: number; missed: number };

export function figuresOf(turns: readonly Turn[], nothing: readonly Turn[]): Figures {
  const of = (read: (turn: Turn) => number) => median(turns.map(read));
  return {
    connections_per_s: of((turn) => turn.connections_per_s),
    connections_ratio_to_nothing: median(turns.map((turn, round) => turn.connections_per_s / (nothing[round]?.connections_per_s ?? 0))),
    p50_us: of((turn) => turn.p50_us),
    p99_us: of((turn) => turn.p99_us),
    user_us: of((turn) => turn.user_us),
    system_us: of((turn) => turn.system_us),
    cpu_us: of((turn) => turn.user_us + turn.system_us),
    kernel_ns: of((turn) => turn.kernel_ns),
    // A peak is a peak: of all turns the highest.
    peak_rss_mib: Math.max(...turns.map((turn) => turn.peak_rss_mib)),
    lost: turns.reduce((sum, { lost }) => sum + lost, 0),
  };
}

export function programFigures(turns: readonly Turn[]): ProgramFigures[] {
  const all = turns.flatMap(({ programs }) => programs);
  const sum = (of: typeof all, read: (program: Program & { connections: number }) => number) =>
    of.reduce((total, each) => total + read(each), 0);
  return [...new Set(all.map(({ name }) => name))].map((name) => {
    const runs = all.filter((program) => program.name === name);
    const count = sum(runs, (program) => program.runs);
    return {
      name,
      ns_a_run: sum(runs, ({ ns }) => ns) / count,
      runs_a_connection: count / sum(runs, ({ connections }) => connections),
      missed: sum(runs, ({ missed }) => missed),
    };
  });
}

export type Aim = { what: string; figure: number | undefined; limit: number; at_least?: boolean };

/** Of the worst case. */
function exchangeAims(exchanges: readonly ExchangeFigures[]): Aim[] {
  const own = exchanges.filter(({ contender }) => contender === 'tcplens');
  const worst = (read: (figures: ExchangeFigures) => number) => (own.length === 0 ? undefined : Math.max(...own.map(read)));
  return [
    { what: 'ns of BPF for a request and its answer, at most', figure: worst(({ kernel_ns }) => kernel_ns), limit: 300 },
    { what: 'share of requests lost, at most', figure: worst(({ of_nothing }) => 1 - of_nothing), limit: 0.02 },
  ];
}

/** The aims; a figure is undefined where one of the two did not take part. */
export function aimsOf(figures: ReadonlyMap<string, Figures>, sweep_ns: readonly number[], exchanges: readonly ExchangeFigures[]): Aim[] {
  const of = (name: string, read: (figures: Figures) => number) => {
    const found = figures.get(name);
    return found && read(found);
  };
  const ratio = (name: string, read: (figures: Figures) => number) => {
    const [one, other] = [of(name, read), of('tcplife', read)];
    return one === undefined || !other ? undefined : one / other;
  };
  return [
    { what: "kernel time of a connection, of tcplife's", figure: ratio('tcplens', ({ kernel_ns }) => kernel_ns), limit: 1 / 4 },
    { what: 'the same with every state change', figure: ratio('tcplens_all_states', ({ kernel_ns }) => kernel_ns), limit: 1 / 2 },
    { what: "user CPU of a connection, of tcplife's", figure: ratio('tcplens', ({ user_us }) => user_us), limit: 1 / 5 },
    { what: 'user and system CPU, of the same', figure: ratio('tcplens', ({ cpu_us }) => cpu_us), limit: 1 / 5 },
    { what: 'ns a socket in a sweep, at most', figure: sweep_ns.length === 0 ? undefined : Math.max(...sweep_ns), limit: 1000 },
    { what: 'peak RSS in MiB', figure: of('tcplens', ({ peak_rss_mib }) => peak_rss_mib), limit: 150 },
    { what: 'peak RSS in MiB, shipping', figure: of('tcplens_shipping', ({ peak_rss_mib }) => peak_rss_mib), limit: 150 },
    {
      what: "connections a second, of nothing's",
      figure: of('tcplens', ({ connections_ratio_to_nothing }) => connections_ratio_to_nothing),
      limit: 0.95,
      at_least: true,
    },
    {
      what: 'the same, shipping',
      figure: of('tcplens_shipping', ({ connections_ratio_to_nothing }) => connections_ratio_to_nothing),
      limit: 0.9,
      at_least: true,
    },
    ...exchangeAims(exchanges),
  ];
}

export function isMet({ figure, limit, at_least = false }: Aim): boolean | undefined {
  if (figure === undefined) return undefined;
  return at_least ? figure >= limit : figure <= limit;
}
