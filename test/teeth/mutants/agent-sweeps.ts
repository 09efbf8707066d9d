// What the agent makes of looks into namespaces and of who appears in rows.
import { fidelity, kernel, type Mutant, mutantsOf, unit } from '../mutant.ts';

export const agentSweeps: readonly Mutant[] = [
  ...mutantsOf('agent/loader-values.ts', [
    {
      why: 'what one CPU wrote is all',
      find: '(sums[name] ?? 0) + Number(',
      replace: 'Number(',
      suite: kernel('counters', 'every row the programs wrote arrived'),
    },
  ]),
  ...mutantsOf('agent/host/sweep-unseen.ts', [
    {
      why: 'what ended unseen is not missed',
      find: 'return this.#unended + this.#unopened;',
      replace: 'return this.#unopened;',
      suite: kernel('loader', 'is counted as missed'),
    },
    {
      why: 'those that are there are missed',
      find: 'now.ended - alive - passed_over',
      replace: 'now.ended - passed_over',
      suite: kernel('abi', 'are missed'),
    },
  ]),
  ...mutantsOf('agent/kernel/ring-source.ts', [
    { why: 'names are not filled in', find: 'loader.names.fill(kind, into.subarray(0, bytes));', replace: '', suite: fidelity('A2') },
  ]),
  ...mutantsOf('agent/host/row-names.ts', [
    { why: 'names keep their prefix', find: ".replace(prefix, '')", replace: '', suite: kernel('names') },
    { why: 'names are in capitals', find: '.toLowerCase()', replace: '', suite: kernel('names') },
  ]),
  ...mutantsOf('agent/host/kernel-btf.ts', [
    {
      why: 'a context is an argument',
      find: 'this.#membersAt(prototype) - 1',
      replace: 'this.#membersAt(prototype)',
      suite: unit('agent/host/kernel-btf'),
    },
    { why: 'variables have no linkage', find: '  14: [4, 0],\n', replace: '', suite: unit('agent/host/kernel-btf') },
  ]),
  ...mutantsOf('agent/host/kernel-symbols.ts', [
    {
      why: 'the function after the place',
      find: 'names_at[low - 1]',
      replace: 'names_at[low]',
      suite: unit('agent/host/kernel-symbols'),
    },
    {
      why: 'modules are looked for where the kernel is',
      find: '  found.sort((one, other) => one.start - other.start);\n',
      replace: '',
      suite: unit('agent/host/kernel-symbols'),
    },
  ]),
  ...mutantsOf('agent/host/entities.ts', [
    {
      why: 'who was seen before is never told again',
      find: 'this.#last.clear();',
      replace: '',
      suite: unit('agent/host/entities', 'one row of thousands'),
    },
    {
      why: 'a process is known by its cgroup',
      find: 'this.#last.get(pid) === cgroup_low',
      replace: 'this.#last.size > 0',
      suite: unit('agent/host/entities', 'one row of thousands'),
    },
  ]),
  ...mutantsOf('agent/host/sweep-overflows.ts', [
    {
      why: 'last ACKs count twice',
      find: 'last_acks + claimed, true',
      replace: '2 * last_acks + claimed, true',
      suite: unit('agent/host/sweep-rows', 'last ACKs'),
    },
    {
      why: 'SYNs that met a full queue are never evident',
      find: 'const is_evident = is_full ||',
      replace: 'const is_evident =',
      suite: unit('agent/host/sweep-rows', 'a full queue'),
    },
  ]),
  ...mutantsOf('agent/host/sweep-counters.ts', [
    {
      why: 'a counter is read from its neighbour',
      find: "out_segs: 'Tcp: OutSegs'",
      replace: "out_segs: 'Tcp: InSegs'",
      suite: kernel('counters', 'the rows of each namespace'),
    },
    { why: 'the port range lacks one', find: 'to - from + 1', replace: 'to - from', suite: unit('agent/host/sweep-rows', 'each figure') },
    {
      why: 'orphans and TIME_WAIT are swapped',
      find: "orphans: 'TCP: orphan'",
      replace: "orphans: 'TCP: tw'",
      suite: unit('agent/host/sweep-rows', 'each figure'),
    },
  ]),
  ...mutantsOf('agent/host/sweep-ledger.ts', [
    {
      why: 'totals in place of gains',
      find: '(now[member] ?? 0) - earlier',
      replace: '(now[member] ?? 0)',
      suite: kernel('counters', 'the rows of each namespace'),
    },
    {
      why: 'what is missing is told with every row',
      find: 'known.missing = Math.max(missing, known.missing);',
      replace: '',
      suite: kernel('older', 'is the remainder'),
    },
    {
      why: 'what was there before is missing',
      find: 'return { round: 0, retrans_base, attributed_base, missing: 0',
      replace: 'return { round: 0, retrans_base: 0, attributed_base, missing: 0',
      suite: kernel('older', 'before is nobody'),
    },
    {
      why: 'rows stay after they were given',
      find: 'this.#waiting.splice(0,',
      replace: 'this.#waiting.slice(0,',
      suite: unit('agent/host/sweep-rows', 'moved there is a row'),
    },
  ]),
];
