// Hosts, processes, cgroups and namespaces that agents report, and their accounts: a report's rows, and names in SQL.
import type { AgentReport, KindAccount } from '../../agent/agent-report.ts';
import type { Engine } from './store.ts';

/** The columns of an account. */
export const COUNTS = [
  'seen',
  'sent',
  'queued',
  'ring_lost',
  'withheld',
  'queue_dropped',
  'rejected',
] as const satisfies readonly (keyof KindAccount)[];
export type Counts = Pick<KindAccount, (typeof COUNTS)[number]>;

/** Refreshed by hand in the embedded engine, which never does so by itself. */
export const DICTIONARIES = ['host_name', 'cgroup_label'] as const;

/** A host's name in SQL; its id in hex where no report has named it yet. `host_id`: an expression, no alias of the same name. */
export const hostName = (host_id: string) =>
  `dictGetOrDefault('host_name', 'name', tuple(${host_id}), lower(leftPad(hex(${host_id}), 16, '0')))`;

/** Container (short id), else systemd unit, else ''. */
export const containerName = (host_id: string, cgroup_id: string) =>
  `dictGetOrDefault('cgroup_label', 'label', (${host_id}, ${cgroup_id}), '')`;

/** What a report adds to each table, as JSONEachRow wants it. Times are decimal ms: DateTime64(3) as a number of ms. */
export function reportRows(
  report: AgentReport,
  now_ms: number,
): Record<'host' | 'process' | 'cgroup' | 'netns' | 'account_history', object[]> {
  const host_id = BigInt(`0x${report.host_id}`).toString();
  const epoch = BigInt(`0x${report.epoch}`).toString();
  // An agent whose clock is ahead must not outlive its own later reports.
  const at = Math.min(report.at_ms, now_ms);
  return {
    host: [{ host_id, epoch, at, ...report.host, hooks: report.hooks }],
    process: report.processes.map(({ started_at_ms, ...process }) => ({ host_id, at, started_at: started_at_ms, ...process })),
    cgroup: report.cgroups.map(({ pod_uid = '', ...cgroup }) => ({ host_id, at, pod_uid, ...cgroup })),
    netns: report.netns.map((netns) => ({ host_id, at, ...netns })),
    account_history: Object.entries(report.accounts).map(([kind, counts]) => ({ host_id, epoch, at, kind, ...counts })),
  };
}

/** Stores a report. Repeating it changes nothing: every table keeps one row a key. */
export async function insertReport(engine: Engine, report: AgentReport): Promise<void> {
  for (const [table, objects] of Object.entries(reportRows(report, Date.now()))) {
    if (objects.length > 0) await engine.insertObjects(table, objects);
  }
  await engine.reloadDictionaries();
}
