// The time of a sweep: from its start to its last row, over real sockets, when none has moved since the last one and
// when every one has.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openKernel } from '../../../agent/kernel/ring-source.ts';
import type { RowSource } from '../../../agent/source/row-source.ts';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { drainAll } from '../../support/drain-all.ts';
import type { LoneNetns } from '../../support/lone-netns.ts';
import { median } from './median.ts';

const ROUNDS = 5;
/** The first sweeps meet the sockets, and Node its code. */
const WARM_UP = 2;

/** Of one sweep: on the clock, and what it took of a processor; the same where nobody else wants the processor. */
export type SweepTime = { wall_ms: number; cpu_ms: number };

/** Without any of the sockets: a walk over the kernel's table for each of the machine's namespaces. */
export type SweepBase = SweepTime & { namespaces: number };

export type SweepFigures = { sockets: number; still: SweepTime; moved: SweepTime; moved_rows: number };

function sweep(source: RowSource): SweepTime & { rows: number } {
  const used = process.cpuUsage();
  const began = performance.now();
  let bytes = 0;
  source.sweep();
  drainAll(source, (kind, rows) => {
    if (kind === 'sample') bytes += rows.length;
  });
  const { user, system } = process.cpuUsage(used);
  return { wall_ms: performance.now() - began, cpu_ms: (user + system) / 1000, rows: bytes / KINDS.sample.size };
}

function medians(sweeps: readonly SweepTime[]): SweepTime {
  return { wall_ms: median(sweeps.map(({ wall_ms }) => wall_ms)), cpu_ms: median(sweeps.map(({ cpu_ms }) => cpu_ms)) };
}

function open(): RowSource {
  const source = openKernel({ host_id: 1n, ring_bytes: 64 * 1024 });
  for (let round = 0; round < WARM_UP; round++) sweep(source);
  return source;
}

export function sweepBase(): SweepBase {
  const source = open();
  const base = medians(Array.from({ length: ROUNDS }, () => sweep(source)));
  const namespaces = source.netns().length;
  source.close();
  return { ...base, namespaces };
}

/** What a socket adds to a sweep, in ns of a processor. */
export function socketNs(time: SweepTime, base: SweepBase, sockets: number): number {
  return Math.max(0, time.cpu_ms - base.cpu_ms) * (1e6 / sockets);
}

/** `hold` is the compiled hold.c; the sockets are in `place`. */
export async function sweepFigures(hold: string, place: LoneNetns, sockets: number): Promise<SweepFigures> {
  const child = place.start(hold, String(sockets / 2));
  const answers = createInterface({ input: child.stdout ?? process.stdin });
  await once(answers, 'line');
  const source = open();
  const still: SweepTime[] = [];
  const moved: (SweepTime & { rows: number })[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    still.push(sweep(source));
    child.stdin?.write('\n');
    await once(answers, 'line');
    moved.push(sweep(source));
  }
  source.close();
  const exit = once(child, 'exit');
  child.stdin?.end();
  await exit;
  return { sockets, still: medians(still), moved: medians(moved), moved_rows: median(moved.map(({ rows }) => rows)) };
}
