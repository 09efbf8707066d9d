// Stacks of processes: when the kernel writes them, and what they are named.
import { kernel, type Mutant, mutantsOf, unit } from '../mutant.ts';

export const userStacks: readonly Mutant[] = [
  ...mutantsOf('bpf/programs/stack.bpf.h', [
    {
      why: 'whatever runs is told as the owner of the socket',
      find: 'return told->pid && told->pid == (__u32)(bpf_get_current_pid_tgid() >> 32);',
      replace: 'return told->pid;',
      suite: kernel('user-stacks', 'another process'),
    },
    {
      why: 'who wants stacks has those of processes too',
      find: 'wanted & detail->user_slots && ',
      replace: '',
      suite: kernel('user-stacks', 'none is told'),
    },
  ]),
  ...mutantsOf('agent/investigations/slots.ts', [
    {
      why: 'whoever wants stacks asks for those of processes too',
      find: 'this.#wanting((look) => look.user_stacks)',
      replace: 'this.#wanting(() => true)',
      suite: unit('agent/investigations/slots'),
    },
  ]),
  ...mutantsOf('agent/host/stack-names.ts', [
    {
      why: 'what an interrupt stopped is told as what called',
      find: 'isCalled ? processes.namesOf(pid, time_ms, user) : []',
      replace: 'processes.namesOf(pid, time_ms, user)',
      suite: unit('agent/host/stack-names'),
    },
  ]),
  ...mutantsOf('agent/host/user-symbols.ts', [
    {
      why: 'another process with the number is asked',
      find: 'process === undefined || process.started_ms > time_ms',
      replace: 'process === undefined',
      suite: unit('agent/host/user-symbols'),
    },
    {
      why: 'any number of processes is looked at',
      find: 'this.#processes.has(pid) || this.#processes.size >= PROCESSES_MAX',
      replace: 'this.#processes.has(pid)',
      suite: unit('agent/host/user-symbols'),
    },
  ]),
  ...mutantsOf('agent/host/file-functions.ts', [
    {
      why: 'files are read from wherever they come',
      find: 'if (!this.#devices.has(device)) return undefined;',
      replace: '',
      suite: unit('agent/host/user-symbols'),
    },
  ]),
  ...mutantsOf('agent/host/elf-functions.ts', [
    {
      why: 'a function reaches to the next one',
      find: 'if (address >= (ends[at] ?? 0)) continue;',
      replace: '',
      suite: unit('agent/host/elf-functions'),
    },
  ]),
];
