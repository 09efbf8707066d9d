import { expect, test } from 'vitest';
import { type Facts, problemsOf, readCapabilities } from '../../../agent/host/capabilities.ts';

const ALL = '000001ffffffffff';
const status = (CapEff: string) => `Name:\tx\nCapInh:\t0000000000000000\nCapEff:\t${CapEff}\nCapBnd:\t${ALL}\n`;

test.each([
  { it: 'root', mask: ALL, names: ['CAP_DAC_READ_SEARCH', 'CAP_NET_ADMIN', 'CAP_SYS_PTRACE', 'CAP_SYS_ADMIN', 'CAP_PERFMON', 'CAP_BPF'] },
  { it: 'nobody', mask: '0000000000000000', names: [] },
  { it: 'bpf and perfmon', mask: '000000c000000000', names: ['CAP_PERFMON', 'CAP_BPF'] },
  { it: 'a container’s default set', mask: '00000000a80425fb', names: [] },
  { it: 'sys_admin only', mask: '0000000000200000', names: ['CAP_SYS_ADMIN'] },
])('capabilities of $it', ({ mask, names }) => {
  expect([...readCapabilities(status(mask))]).toEqual(names);
});

const good: Facts = { platform: 'linux', release: '6.12.0', btf: true, uid: 0, capabilities: readCapabilities(status(ALL)) };
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
