import { expect, test } from 'vitest';
import { type Facts, keptOf, maskOf, problemsOf, readCapabilities, readMask } from '../../../agent/host/capabilities.ts';

const ALL = '000001ffffffffff';
const status = (CapEff: string) => `Name:\tx\nCapInh:\t0000000000000000\nCapEff:\t${CapEff}\nCapBnd:\t${ALL}\n`;

test.each([
  { it: 'root', mask: ALL, names: ['CAP_DAC_READ_SEARCH', 'CAP_SYS_PTRACE', 'CAP_SYS_ADMIN', 'CAP_PERFMON', 'CAP_BPF'] },
  { it: 'nobody', mask: '0000000000000000', names: [] },
  { it: 'bpf and perfmon', mask: '000000c000000000', names: ['CAP_PERFMON', 'CAP_BPF'] },
  { it: 'a container’s default set', mask: '00000000a80425fb', names: [] },
  { it: 'sys_admin only', mask: '0000000000200000', names: ['CAP_SYS_ADMIN'] },
])('capabilities of $it', ({ mask, names }) => {
  expect([...readCapabilities(status(mask))]).toEqual(names);
});

const good: Facts = {
  platform: 'linux',
  release: '6.12.0',
  btf: true,
  module_btf: [],
  unprivileged_bpf_disabled: 2,
  uid: 0,
  capabilities: readCapabilities(status(ALL)),
};
const none = readCapabilities('');

test.each([
  { it: 'all there', facts: good, problems: [] },
  {
    it: 'an ordinary user with both',
    facts: { ...good, uid: 1000, capabilities: readCapabilities(status('000000c000000000')) },
    problems: [],
  },
  { it: 'SYS_ADMIN stands for both', facts: { ...good, capabilities: readCapabilities(status('0000000000200000')) }, problems: [] },
  { it: 'no BTF', facts: { ...good, btf: false }, problems: [/no_btf .*6\.12\.0.*CONFIG_DEBUG_INFO_BTF=y/] },
  {
    it: 'an ordinary user',
    facts: { ...good, uid: 1000, capabilities: none },
    problems: [/no_capability user 1000 lacks CAP_BPF and CAP_PERFMON: run it with sudo/],
  },
  {
    it: 'root in a container',
    facts: { ...good, capabilities: none },
    problems: [/no_capability root lacks .*--privileged.*--replay FILE/],
  },
  {
    it: 'one of the two',
    facts: { ...good, uid: 7, capabilities: readCapabilities(status('0000008000000000')) },
    problems: [/no_capability user 7 lacks CAP_PERFMON:/],
  },
  { it: 'both wrong', facts: { ...good, btf: false, uid: 7, capabilities: none }, problems: [/no_btf/, /no_capability/] },
  { it: 'no Linux', facts: { ...good, platform: 'darwin', btf: false, capabilities: none }, problems: [/no_linux .*darwin.*--replay/] },
])('verdict: $it', ({ facts, problems }) => {
  expect(problemsOf(facts).map(({ code, message }) => `${code} ${message}`)).toEqual(
    problems.map((pattern) => expect.stringMatching(pattern)),
  );
});

test('masks there and back', () => {
  const mask = maskOf(['CAP_SYS_ADMIN', 'CAP_BPF']);
  expect(mask).toBe(0x8000200000n);
  expect([...readCapabilities(status(mask.toString(16)))]).toEqual(['CAP_SYS_ADMIN', 'CAP_BPF']);
  expect(readMask(status('0'), 'CapBnd')).toBe(BigInt(`0x${ALL}`));
});

/** Kernels before 5.19 with unprivileged_bpf_disabled: CAP_BPF for every call, which CAP_SYS_ADMIN includes. */
const suffices_before_5_19 = (mask: bigint) => (mask & maskOf(['CAP_SYS_ADMIN', 'CAP_BPF'])) !== 0n;

const NAMESPACES = ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'];
const bpf_only = readCapabilities(status('000000c000000000'));

test.each([
  { it: 'root', held: good.capabilities, kept: NAMESPACES },
  { it: 'root on an old kernel', held: good.capabilities, suffices: suffices_before_5_19, kept: NAMESPACES },
  { it: 'only the own namespace', held: good.capabilities, own_netns: true, kept: [] },
  { it: 'the same on an old kernel', held: good.capabilities, own_netns: true, suffices: suffices_before_5_19, kept: ['CAP_BPF'] },
  { it: 'bpf and perfmon', held: bpf_only, kept: [] },
  { it: 'the same on an old kernel', held: bpf_only, suffices: suffices_before_5_19, kept: ['CAP_BPF'] },
])('kept after the start: $it', ({ held, own_netns = false, suffices = () => true, kept }) => {
  expect(keptOf(held, own_netns, suffices)).toEqual(kept);
});
