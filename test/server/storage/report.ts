// A small agent report; tests say what matters to them.
import type { AccountingEntry, AgentReport } from '../../../agent/contract/agent-report.ts';
import type { Outcome } from '../../../agent/contract/outcome.ts';

export function report(changes: Partial<AgentReport>): AgentReport {
  return {
    host_id: '0000000000000001',
    epoch: '00000000000000aa',
    at_ms: Date.now(),
    host: { name: 'alpha', machine: 'x86_64', kernel: '6.1.0', agent_version: '0.1.0' },
    processes: [{ pid: 42, started_at_ms: 1_772_500_000_000, name: 'nginx', command: "nginx: worker 'x'", cgroup_id: '3' }],
    cgroups: [{ cgroup_id: '3', path: '/system.slice/nginx.service', container_id: '', unit: 'nginx.service' }],
    netns: [{ netns: '1', inode: 4_026_531_840, name: '' }],
    hooks: [{ name: 'tcp_retransmit_skb', attached: true, reason: '' }],
    interval_ms: 10_000,
    accounting: toldOf('sample', { seen: 100, sent: 90, ring_lost: 3, memory_dropped: 2, rejected: 1 }, changes.at_ms),
    ...changes,
  };
}

/** What became of a kind's rows in the minute of `at_ms`. */
export function toldOf(
  kind: string,
  outcomes: Partial<Record<Outcome, number>>,
  at_ms = Date.now(),
  epoch = '00000000000000aa',
): AccountingEntry[] {
  const minute_ms = Math.floor(at_ms / 60_000) * 60_000;
  return Object.entries(outcomes).map(([outcome, rows]) => ({ epoch, minute_ms, kind, outcome: outcome as Outcome, rows }));
}
