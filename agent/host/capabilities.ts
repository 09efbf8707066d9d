// Which capabilities a process has, and whether they suffice. Pure: facts in, verdict out.

/** The capabilities that an agent can need, with their bits in CapEff of /proc/PID/status. */
const CAPABILITY_BIT = {
  CAP_DAC_READ_SEARCH: 2,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;
export type Capability = keyof typeof CAPABILITY_BIT;
export const CAPABILITY = Object.keys(CAPABILITY_BIT) as Capability[];

type CapabilitySet = 'CapEff' | 'CapBnd';

/** One capability set in the text of /proc/PID/status, as a bit mask; empty where the text does not have it. */
export function readMask(status: string, set: CapabilitySet): bigint {
  return BigInt(`0x${new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
}

/** The effective capabilities that an agent can need. */
export function readCapabilities(status: string): Set<Capability> {
  const mask = readMask(status, 'CapEff');
  return new Set(CAPABILITY.filter((name) => (mask >> BigInt(CAPABILITY_BIT[name])) & 1n));
}

export function maskOf(capabilities: Iterable<Capability>): bigint {
  let mask = 0n;
  for (const name of capabilities) mask |= 1n << BigInt(CAPABILITY_BIT[name]);
  return mask;
}

/** What a capability is used for once the programs are attached. All others are dropped then. */
export const USE_AFTER_START = {
  CAP_SYS_ADMIN: 'enters other network namespaces',
  CAP_SYS_PTRACE:
    "reaches namespaces through other users' processes, and names these where /proc hides them, and their functions where an investigation asks",
  CAP_DAC_READ_SEARCH: 'reaches namespaces behind folders of other users',
  CAP_BPF: 'reads maps and begins walks, which this kernel forbids without',
} as const satisfies Partial<Record<Capability, string>>;
export type UsedAfterStart = keyof typeof USE_AFTER_START;

const FOR_NAMESPACES = ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'] as const;

/**
 * The capabilities of `held` to keep: those for entering other namespaces, unless only the own one is sampled, and CAP_BPF where reading the
 * maps fails without it.
 */
export function keptOf(held: ReadonlySet<Capability>, own_netns: boolean, suffices: (mask: bigint) => boolean): UsedAfterStart[] {
  const kept = own_netns ? [] : FOR_NAMESPACES.filter((name) => held.has(name));
  return suffices(maskOf(kept)) || !held.has('CAP_BPF') ? kept : [...kept, 'CAP_BPF'];
}

/** Facts about the machine that are known before anything is loaded. */
export type Facts = {
  platform: string;
  release: string;
  btf: boolean;
  /** kernel modules with BTF of their own */
  module_btf: readonly string[];
  /** the sysctl of that name; undefined where there is none; 0: every user may load programs */
  unprivileged_bpf_disabled: number | undefined;
  uid: number;
  capabilities: ReadonlySet<Capability>;
};

export type Problem = { code: string; message: string };

/** Why the kernel source cannot run here, each with what to do. Empty: it can be tried. */
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

/** CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON. */
function missingCapabilities(capabilities: ReadonlySet<Capability>): Capability[] {
  if (capabilities.has('CAP_SYS_ADMIN')) return [];
  return (['CAP_BPF', 'CAP_PERFMON'] as const).filter((name) => !capabilities.has(name));
}
