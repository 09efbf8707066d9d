// What a process is allowed, and whether that is enough. Pure: facts in, verdict out.

/** Those that matter here, by their bit in /proc/PID/status's CapEff. */
const CAPABILITY_BIT = {
  CAP_DAC_READ_SEARCH: 2,
  CAP_NET_ADMIN: 12,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;
export type Capability = keyof typeof CAPABILITY_BIT;
export const CAPABILITY = Object.keys(CAPABILITY_BIT) as Capability[];

/** The effective capabilities in the text of /proc/PID/status. */
export function readCapabilities(status: string): Set<Capability> {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return new Set(CAPABILITY.filter((name) => (mask >> BigInt(CAPABILITY_BIT[name])) & 1n));
}

/** What is known about the machine before anything is loaded. */
export type Facts = {
  platform: string;
  release: string;
  btf: boolean;
  uid: number;
  capabilities: ReadonlySet<Capability>;
};

export type Problem = { code: string; message: string };

/** Why the kernel source cannot run here: each with what to do. Empty when it can be tried. */
export function problemsOf({ platform, release, btf, uid, capabilities }: Facts): Problem[] {
  if (platform !== 'linux')
    return [{ code: 'no_linux', message: `this is ${platform}: the kernel source needs Linux. --replay FILE works here` }];
  const problems: Problem[] = [];
  if (!btf) {
    problems.push({
      code: 'no_btf',
      message: `kernel ${release} offers no type information (/sys/kernel/btf/vmlinux): use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as distributions have since about 2021`,
    });
  }
  const missing = missingCapabilities(capabilities);
  if (missing.length > 0) {
    const who = uid === 0 ? `root lacks ${missing.join(' and ')} here` : `user ${uid} lacks ${missing.join(' and ')}`;
    const remedy = uid === 0 ? 'in a container add --privileged, or --cap-add for each' : 'run it with sudo, or as a service that has them';
    problems.push({ code: 'no_capability', message: `${who}: ${remedy}. --replay FILE works without` });
  }
  return problems;
}

/** CAP_SYS_ADMIN includes both others. */
function missingCapabilities(capabilities: ReadonlySet<Capability>): Capability[] {
  if (capabilities.has('CAP_SYS_ADMIN')) return [];
  return (['CAP_BPF', 'CAP_PERFMON'] as const).filter((name) => !capabilities.has(name));
}
