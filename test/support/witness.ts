// A witness of what happens in the kernel, independent of tcplens: a BPF program that counts events by network namespace, beside the
// kernel's own count of softirqs. Kernels of sandboxes keep softirqs from all programs while they shield a process. Events that were hidden
// from every program tcplens cannot have; events that the witness has seen tcplens must have, too.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compileC } from './compile-c.ts';

/** Events of one network namespace, as witness.h says. */
export type Events = { retransmits: number; segments: number; state_changes: number; opens: number; ends: number };
/** Where nothing was seen, or nobody looked. */
export const NO_EVENTS: Events = { retransmits: 0, segments: 0, state_changes: 0, opens: 0, ends: 0 };

/** What one line of the program says, since it was started. */
type Told = {
  softirqs_run: number;
  softirqs_seen: number;
  burst: number;
  missed: number;
  netns: Record<string, Events & { inode: number }>;
};

/** Since the witness was started. */
export type Testimony = {
  /** softirqs that reached no program; where it is 0, no event can have been hidden */
  hidden: number;
  /** the most segments that one softirq sent again, of those that were seen */
  burst: number;
  /** events that the witness has missed itself, since they came while its program ran on the same processor */
  missed: number;
  /** what was seen of the namespace with this cookie */
  of(netns: bigint): Events;
  /** what was seen of the namespaces with these names, which must be there still, and of all others */
  named(...names: string[]): { own: Events; others: Events };
};

export type Witness = { ask(): Promise<Testimony>; close(): void };

const source = (name: string) => join(import.meta.dirname, name);

/** Starts to watch the whole machine. Needs root; throws where the kernel refuses the programs. */
export async function startWitness(): Promise<Witness> {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-witness-'));
  try {
    return await watch(directory);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function together(events: readonly Events[]): Events {
  const names = Object.keys(NO_EVENTS) as (keyof Events)[];
  return Object.fromEntries(names.map((name) => [name, events.reduce((sum, each) => sum + each[name], 0)])) as Events;
}

/** Compiles the programs into `directory`, which is removed at the end, and starts them. */
async function watch(directory: string): Promise<Witness> {
  const object = join(directory, 'witness.bpf.o');
  const multiarch = execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
  const flags = ['-target', 'bpf', '-mcpu=v3', '-g', '-O2', '-Wall', `-I/usr/include/${multiarch}`];
  execFileSync('clang', [...flags, '-c', source('witness.bpf.c'), '-o', object]);
  const child = spawn(compileC(source('witness.c'), directory, ['-lbpf']), [object], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Told> => {
    const { value } = await lines.next();
    if (value === undefined) throw new Error('the witness ended: are its programs refused?');
    return JSON.parse(value) as Told;
  };
  const first = await next();
  return {
    async ask() {
      child.stdin.write('?');
      const { softirqs_run, softirqs_seen, burst, missed, netns } = await next();
      return {
        hidden: Math.max(0, softirqs_run - first.softirqs_run - (softirqs_seen - first.softirqs_seen)),
        burst,
        missed,
        of: (cookie) => netns[String(cookie)] ?? NO_EVENTS,
        named(...names) {
          const inodes = names.map((name) => statSync(`/run/netns/${name}`).ino);
          const [own, others] = [true, false].map((wanted) =>
            Object.values(netns).filter(({ inode }) => inodes.includes(inode) === wanted),
          );
          return { own: together(own ?? []), others: together(others ?? []) };
        },
      };
    },
    close() {
      child.stdin.end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
