// A small agent report; tests say what matters to them.
import type { AgentReport } from '../../../agent/agent-report.ts';

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
    accounts: { sample: { seen: 100, sent: 90, queued: 4, ring_lost: 3, withheld: 0, queue_dropped: 2, rejected: 1 } },
    ...changes,
  };
}
