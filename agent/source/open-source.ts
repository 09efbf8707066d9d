// Opens the kernel or a recording, and refuses early, with the reason, what cannot work on this machine.
import { readdirSync, readFileSync } from 'node:fs';
import { platform, release } from 'node:os';
import type { SourceConfig } from '../config.ts';
import { type Facts, problemsOf, readCapabilities } from '../host/capabilities.ts';
import { readHostId } from '../host/host-id.ts';
import type { KernelSource } from '../kernel/ring-source.ts';
import { CannotRunError } from '../process/errors.ts';
import type { Source } from './source.ts';

export type KernelConfig = Pick<SourceConfig, 'hostId' | 'stateDir' | 'ringBytes' | 'budget' | 'refuse'>;

const UNPRIVILEGED_BPF_DISABLED = '/proc/sys/kernel/unprivileged_bpf_disabled';

export function readFacts(): Facts {
  const types = readOr([], () => readdirSync('/sys/kernel/btf'));
  return {
    platform: platform(),
    release: release(),
    btf: types.includes('vmlinux'),
    module_btf: types.filter((name) => name !== 'vmlinux').sort(),
    unprivileged_bpf_disabled: readOr(undefined, () => Number(readFileSync(UNPRIVILEGED_BPF_DISABLED, 'utf8'))),
    uid: process.getuid?.() ?? -1,
    capabilities: readCapabilities(readOr('', () => readFileSync('/proc/self/status', 'utf8'))),
  };
}

function readOr<Value>(otherwise: Value, read: () => Value): Value {
  try {
    return read();
  } catch {
    return otherwise; // this kernel does not have it, or this is not Linux
  }
}

/** `opens_by_sweep`: see KernelOptions; for what is not shown to a person row by row. */
export type Opening = { opens_by_sweep?: boolean };

/** Opens the recording or the kernel. Each is imported only where it is opened: a replay runs on machines that the loader was never built for. */
export async function openSource(config: SourceConfig, opening: Opening = {}): Promise<Source> {
  if (config.replay === undefined) {
    const { fromKernel } = await import('./from-kernel.ts');
    return fromKernel(await openHostKernel(config, opening));
  }
  const { openReplay } = await import('../recording/replay-source.ts');
  const { fromRecording } = await import('./from-recording.ts');
  const { hostId: host_id, speed, loop, began_ms } = config;
  return fromRecording(openReplay(config.replay, { host_id, speed, loop, began_ms }));
}

/** @throws CannotRunError with what is missing and what to do */
export function checkMachine(): void {
  const problems = problemsOf(readFacts());
  const [first] = problems;
  if (first !== undefined) throw new CannotRunError(first.code, problems.map(({ message }) => message).join('\n'));
}

/** @throws CannotRunError */
export async function openHostKernel(config: KernelConfig, opening: Opening = {}): Promise<KernelSource> {
  const host_id = config.hostId ?? readHostId(config.stateDir);
  checkMachine();
  const { openKernel } = await import('../kernel/ring-source.ts');
  const { ringBytes: ring_bytes, budget: budgets, refuse } = config;
  return openKernel({ host_id, ring_bytes, budgets, refuse, ...opening });
}
