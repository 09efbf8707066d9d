// Boots a kernel in software emulation, lets the guest run to its end, and reads its report.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import { writeInitramfs } from './initramfs.ts';
import type { Kernel } from './kernel-image.ts';
import type { Report } from './report.ts';

/** A guest takes some 20 s, several times that on a busy machine; this ends one that hangs. */
const BOOT_MS_MAX = 540_000;
const CONSOLE_LINES = 40;

/**
 * The guest's kernel does not wait for hardware that is not there, nor give up because a busy machine keeps its timer waiting; a panic
 * ends the machine.
 */
const KERNEL_ARGUMENTS = 'console=ttyS0 no_timer_check loglevel=5 panic=-1 mitigations=off';
/**
 * One thread emulates both processors. With a thread each, QEMU 7.2 now and then runs code that V8 has replaced or freed, and
 * Node jumps to where nothing is mapped: it does so without a line of this project loaded, and never did with one thread.
 */
const MACHINE = ['-accel', 'tcg,thread=single', '-cpu', 'max', '-smp', '2', '-m', '1024', '-nodefaults', '-no-user-config', '-no-reboot'];

export type Booted = { series: string; report: Report; seconds: number };

/**
 * Runs `guest.ts` in the kernel.
 * @throws Error with the end of the console when the guest gave no report
 */
export async function boot(kernel: Kernel): Promise<Booted> {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-guest-'));
  const [initramfs, console, report] = ['initramfs', 'console', 'report'].map((name) => join(directory, name)) as [string, string, string];
  try {
    writeInitramfs(initramfs, kernel.modules);
    const start = performance.now();
    const serial = ['-serial', `file:${console}`, '-serial', `file:${report}`];
    const image = ['-kernel', kernel.vmlinuz, '-initrd', initramfs, '-append', KERNEL_ARGUMENTS];
    const guest = spawn('qemu-system-x86_64', [...MACHINE, '-display', 'none', ...serial, ...image], {
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: BOOT_MS_MAX,
      killSignal: 'SIGKILL',
    });
    await once(guest, 'exit');
    const seconds = (performance.now() - start) / 1000;
    return { series: kernel.series, report: readReport(readFileSync(report), kernel, readFileSync(console, 'utf8')), seconds };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readReport(bytes: Uint8Array, { release }: Kernel, text: string): Report {
  try {
    return deserialize(bytes) as Report;
  } catch (cause) {
    const end = text.trimEnd().split('\n').slice(-CONSOLE_LINES).join('\n');
    throw new Error(`the guest with Linux ${release} gave no report; its console ends with:\n${end}`, { cause });
  }
}
