// Stores the states of investigations at hosts, and reads them: each collector stores those of its agents, and all collectors read them.
import { hex64 } from '../../agent/contract/hex64.ts';
import { NEVER_S } from './access-records.ts';
import type { Engine, Queryable } from './engine.ts';

/** `host_id`: 16 hex digits. `body`: JSON. `ends_ms`: when the state may be deleted; 0: never. */
export type StoredHostState = { investigation: string; host_id: string; body: string; ends_ms: number };
/** `age_ms`: since the state was stored, by the store's clock. */
export type FoundHostState = Pick<StoredHostState, 'host_id' | 'body'> & { age_ms: number };

export async function insertHostStates(engine: Pick<Engine, 'insertObjects'>, states: readonly StoredHostState[]): Promise<void> {
  if (states.length === 0) return;
  await engine.insertObjects(
    'investigation_host',
    states.map(({ investigation, host_id, body, ends_ms }) => ({
      investigation,
      host_id: BigInt(`0x${host_id}`).toString(),
      body,
      ends_at: ends_ms === 0 ? NEVER_S : Math.min(NEVER_S, Math.floor(ends_ms / 1000)),
    })),
  );
}

/** @param investigation 16 hex digits */
export async function removeInvestigation(engine: Pick<Engine, 'define'>, investigation: string): Promise<void> {
  // An ALTER takes no parameters. BigInt ensures that only a number gets into its text.
  const id = hex64(BigInt(`0x${investigation}`));
  await engine.define(`ALTER TABLE investigation_host DELETE WHERE investigation = '${id}'`);
}

/** The states of one investigation. @param most limit of hosts */
export async function hostStatesOf(store: Queryable, investigation: string, most: number): Promise<FoundHostState[]> {
  return store.query<FoundHostState>(
    `SELECT lower(leftPad(hex(h.host_id), 16, '0')) AS host_id, body, toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(at) AS age_ms
FROM investigation_host AS h FINAL WHERE investigation = {investigation:String} ORDER BY h.host_id LIMIT {most:UInt32}`,
    { investigation, most },
    most,
  );
}
