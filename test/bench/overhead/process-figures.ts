// What the kernel says of a process: processor time of all its threads, and the most memory it ever had.
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel reports times in these whatever its own HZ (USER_HZ). */
const US_PER_TICK = 10_000;

export type Cpu = { user_us: number; system_us: number };

export function readCpu(pid: number): Cpu {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may hold anything, so what follows is counted from its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user_us: Number(fields[11]) * US_PER_TICK, system_us: Number(fields[12]) * US_PER_TICK };
}

export function cpuBetween(before: Cpu, after: Cpu): Cpu {
  return { user_us: after.user_us - before.user_us, system_us: after.system_us - before.system_us };
}

/** MiB; what it shares with others, as its executable, counts in full. */
export const peakRssMib = (pid: number): number => statusMib(pid, 'VmHWM');

/** As peakRssMib, of this moment. */
export const rssMib = (pid: number): number => statusMib(pid, 'VmRSS');

function statusMib(pid: number, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Ids of the BPF programs that a process holds, directly or by what it has attached them with. */
export function heldPrograms(pid: number): Set<number> {
  const directory = `/proc/${pid}/fdinfo`;
  const ids = readdirSync(directory).flatMap((fd) => {
    try {
      return Number(/^prog_id:\t(\d+)$/m.exec(readFileSync(`${directory}/${fd}`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0; // closed meanwhile
    }
  });
  return new Set(ids.filter((id) => id !== 0));
}
