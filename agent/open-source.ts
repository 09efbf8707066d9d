// Chooses where rows come from and refuses early, with the reason, what cannot work here.
import { existsSync, readFileSync } from 'node:fs';
import { platform, release } from 'node:os';
import type { SourceConfig } from './config.ts';
import { CannotRunError } from './errors.ts';
import { type Facts, problemsOf, readCapabilities } from './host/capabilities.ts';
import { readHostId } from './host/host-id.ts';
import type { RowSource } from './source.ts';

export function readFacts(): Facts {
  return {
    platform: platform(),
    release: release(),
    btf: existsSync('/sys/kernel/btf/vmlinux'),
    uid: process.getuid?.() ?? -1,
    capabilities: readCapabilities(platform() === 'linux' ? readFileSync('/proc/self/status', 'utf8') : ''),
  };
}

/**
 * Opens the recording or the kernel. The loader is imported only for the kernel, so a replay runs on machines it was
 * never built for.
 * @throws CannotRunError with what is missing and what to do
 */
export async function openSource(config: SourceConfig): Promise<RowSource> {
  const host_id = config.hostId ?? readHostId(config.stateDir);
  if (config.replay !== undefined) {
    const { openReplay } = await import('./recording/replay-source.ts');
    return openReplay(config.replay, { host_id, speed: config.speed, loop: config.loop });
  }
  const problems = problemsOf(readFacts());
  const [first] = problems;
  if (first !== undefined) throw new CannotRunError(first.code, problems.map(({ message }) => message).join('\n'));
  const { openKernel } = await import('./ring-source.ts');
  return openKernel({ host_id, ring_bytes: config.ringBytes, refuse: config.refuse.filter((name) => name !== '') });
}
