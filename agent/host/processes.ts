// Reads processes from /proc by their pid.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { ProcessEntity } from '../contract/agent-report.ts';
import { reportText, TEXT_CHARS_MAX } from '../contract/report-text.ts';
import { cgroupId } from './cgroups.ts';

/** Bytes that are read of a command line, which may have megabytes: enough for a report, as a UTF-16 unit is at most three bytes of UTF-8. */
const COMMAND_BYTES_MAX = 4 * TEXT_CHARS_MAX.command;

/** USER_HZ: the kernel reports start times in it, whatever its own HZ. */
const CLOCK_TICKS_PER_S = 100;

/** From the text of /proc/PID/stat. The name can have any characters, so fields are counted from the last parenthesis. */
export function readStat(stat: string): { name: string; start_ticks: number } {
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  const afterName = stat.slice(close + 2).split(' ');
  return { name: stat.slice(open + 1, close), start_ticks: Number(afterName[19]) };
}

/** Boot time in ms since the epoch, from the text of /proc/stat. */
export function bootTimeMs(stat: string): number {
  return Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000;
}

export function startMs(boot_ms: number, start_ticks: number): number {
  return boot_ms + Math.round((start_ticks / CLOCK_TICKS_PER_S) * 1000);
}

export class Processes {
  readonly #boot_ms = bootTimeMs(readFileSync('/proc/stat', 'utf8'));
  readonly #cgroup_mount: string | undefined;

  constructor(cgroup_mount: string | undefined) {
    this.#cgroup_mount = cgroup_mount;
  }

  /** The process that has this pid now; undefined when it has ended. */
  read(pid: number): ProcessEntity | undefined {
    try {
      const { name, start_ticks } = readStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      const command = beginningOf(`/proc/${pid}/cmdline`, COMMAND_BYTES_MAX).replaceAll('\0', ' ').trim();
      return {
        pid,
        started_at_ms: startMs(this.#boot_ms, start_ticks),
        name: reportText(name, TEXT_CHARS_MAX.process_name),
        command: reportText(command, TEXT_CHARS_MAX.command),
        cgroup_id: String(this.#cgroupOf(pid)),
      };
    } catch {
      return undefined;
    }
  }

  #cgroupOf(pid: number): bigint {
    if (this.#cgroup_mount === undefined) return 0n;
    const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
    return path === undefined ? 0n : cgroupId(this.#cgroup_mount, path);
  }
}

function beginningOf(path: string, bytes_max: number): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(bytes_max);
    return bytes.toString('utf8', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}
