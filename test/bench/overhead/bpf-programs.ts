// What the kernel counts of BPF programs while somebody has it count: how often each ran and for how long.
import { execFileSync } from 'node:child_process';

/** `missed`: events of which the program saw nothing, because it was running already on that processor. */
export type Program = { id: number; name: string; runs: number; ns: number; missed: number };

type Listed = { id: number; name?: string; run_time_ns?: number; run_cnt?: number; recursion_misses?: number };

export function readPrograms(): Program[] {
  const listed = JSON.parse(execFileSync('bpftool', ['-j', 'prog', 'show'], { encoding: 'utf8', maxBuffer: 64 << 20 })) as Listed[];
  return listed.map(({ id, name = '', run_time_ns = 0, run_cnt = 0, recursion_misses = 0 }) => {
    return { id, name, runs: run_cnt, ns: run_time_ns, missed: recursion_misses };
  });
}

/** What programs did between two readings, those that did nothing left out. */
export function ranBetween(before: readonly Program[], after: readonly Program[]): Program[] {
  const earlier = new Map(before.map((program) => [program.id, program]));
  return after.flatMap(({ id, name, runs, ns, missed }) => {
    const { runs: had_runs = 0, ns: had_ns = 0, missed: had_missed = 0 } = earlier.get(id) ?? {};
    return runs > had_runs ? [{ id, name, runs: runs - had_runs, ns: ns - had_ns, missed: missed - had_missed }] : [];
  });
}
