// What became of rows, as agents and collectors tell it: one figure a minute, host, run of the agent, kind and outcome.
import type { AgentReport } from '../../agent/agent-report.ts';
import type { Engine, HostAccountingEntry } from './store.ts';

/** 64 bits in hex, as JSONEachRow wants them. */
export const decimal = (hex: string) => BigInt(`0x${hex}`).toString();

/** What a report says about its host, in the agent's own words. */
export function told({ host_id, accounting }: AgentReport): HostAccountingEntry[] {
  return accounting.map((entry) => ({ ...entry, host_id, reporter: '' }));
}

/** Each figure is the largest so far, and the largest counts: repeating and reordering change nothing. */
export async function insertAccounting(engine: Pick<Engine, 'insertObjects'>, entries: readonly HostAccountingEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const objects = entries.map(({ minute_ms, host_id, epoch, ...entry }) => ({
    minute: Math.floor(minute_ms / 60_000) * 60,
    host_id: decimal(host_id),
    epoch: decimal(epoch),
    ...entry,
  }));
  await engine.insertObjects('accounting', objects);
}
