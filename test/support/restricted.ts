// A process that opens the kernel source, gives up what an agent gives up, and then tries to do more: prints what came of it.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { filterInKernel } from '../../agent/filter/run.ts';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import { rightsIn, rightsOf, type ThreadRights } from './threads.ts';

export type Attempts = {
  /** before and after, of every thread */
  before: Record<string, ThreadRights>;
  after: Record<string, ThreadRights>;
  /** with a thread that was started afterwards */
  later: Record<string, ThreadRights>;
  /** of a program that was started afterwards */
  child: ThreadRights;
  /** what an agent goes on doing */
  filter: string;
  sweep: string;
  /** what it may not */
  chown: string;
  load: string;
};

const FILTER = { expressions: ['port = 443'], kinds: ['connection'], budget: { rows_per_s: 100, burst: 100 }, duration_ms: 1000 } as const;

function outcome(attempt: () => void): string {
  try {
    attempt();
    return 'done';
  } catch (error) {
    return String(error);
  }
}

async function attempt(): Promise<Attempts> {
  const kernel = { host_id: 1n, ring_bytes: 65_536 };
  const source = openKernel(kernel);
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-restricted-'));
  try {
    const before = rightsOf(process.pid);
    source.restrict(process.argv[2] === 'own');
    const after = rightsOf(process.pid);
    const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
    await once(worker, 'online');
    const later = rightsOf(process.pid);
    await worker.terminate();
    const child = rightsIn(execFileSync('cat', ['/proc/self/status'], { encoding: 'utf8' }));
    const filter = outcome(() => filterInKernel(source.filters, FILTER));
    const sweep = outcome(() => source.sweep());
    const chown = outcome(() => chownSync(directory, 1, 1));
    source.close();
    const load = outcome(() => openKernel(kernel).close());
    return { before, after, later, child, filter, sweep, chown, load };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await attempt())}\n`);
