// Who takes part: nothing, tcplens, and the tools that people use for the same job, each as it is used for it.

import { parseMetrics, sumOf } from '../../support/agent-process.ts';
import { root } from '../../support/project-files.ts';
import { runCommand } from '../../support/run-command.ts';

export type Contender = {
  /** also the beginning of its figures' names in the last line */
  name: string;
  /** what it does of the job */
  job: string;
  command: readonly string[];
  /** tcpdump sees only the interfaces of its own namespace, programs in the kernel see all */
  inside?: boolean;
  /** in what it writes to standard error, once it is attached */
  ready?: RegExp;
  /** rows, events or packets that it says it lost, asked while it still runs or read when it has ended */
  lostSoFar?: (stderr: string) => Promise<number>;
  lostInAll?: (stderr: string) => number;
};

const AGENT = [`${root}/tcplens`, 'agent', '--metrics', '127.0.0.1:0'];
const PRINTER = `tracepoint:sock:inet_sock_set_state /args->protocol == 6/ { printf("%d %s %s %d %s %d %d %d\\n", pid, comm,
  ntop(args->family, args->saddr), args->sport, ntop(args->family, args->daddr), args->dport, args->oldstate, args->newstate) }`;

function agent(name: string, job: string, ...args: string[]): Contender {
  return { name, job, command: [...AGENT, ...args], ready: /"msg":"watching"/, lostSoFar: ringLost };
}

/** By the agent's own /metrics, whose address it logs. */
async function ringLost(stderr: string): Promise<number> {
  const url = /"metrics":"([^"]+)"/.exec(stderr)?.[1] ?? '';
  return sumOf(parseMetrics(await (await fetch(url)).text()), 'tcplens_agent_rows_total', { tcplens_stage: 'ring_lost' });
}

const sumIn = (pattern: RegExp) => (stderr: string) => [...stderr.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0);
const lostEvents = sumIn(/lost (\d+) events/gi);

/** `collector`: the address of one that takes everything and keeps nothing. */
export function contenders(collector: string): Contender[] {
  return [
    agent('tcplens', 'all kinds of rows, budgets as by default, into /metrics'),
    agent('tcplens_all_states', 'the same with every state change', '--budget', 'state_change=none'),
    agent('tcplens_shipping', 'as by default, and all rows compressed and sent to a collector', '--collector', collector),
    { name: 'tcplife', job: 'prints a line a connection and end', command: ['tcplife'], lostInAll: lostEvents },
    { name: 'tcpstates', job: 'prints a line a state change', command: ['tcpstates'], lostInAll: lostEvents },
    { name: 'bpftrace', job: 'prints a line a state change', command: ['bpftrace', '-e', PRINTER], lostInAll: lostEvents },
    {
      name: 'tcpdump',
      job: 'writes every SYN, FIN and RST to /dev/null',
      command: ['tcpdump', '-i', 'lo', '-w', '/dev/null', 'tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0'],
      inside: true,
      ready: /listening on lo/,
      lostInAll: sumIn(/(\d+) packets dropped by kernel/g),
    },
  ];
}

/** Why it cannot take part here; empty where it can. */
export function whyNot({ command: [program = '', ...args] }: Contender): string {
  if (runCommand('sh', ['-c', 'command -v "$0"', program]).code !== 0) return `${program} is not installed`;
  if (!program.endsWith('/tcplens')) return '';
  const help = runCommand(program, ['agent', '--help']).stdout;
  const missing = args.find((arg) => arg.startsWith('--') && !help.includes(arg));
  return missing === undefined ? '' : `the agent has no option ${missing}`;
}
