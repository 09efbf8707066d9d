// Stores the audit: who did what from where.
import { randomBytes } from 'node:crypto';
import type { Engine } from './engine.ts';

/** `outcome`: 'done', or the code of the refusal. */
export type AuditEntry = {
  at_ms: number;
  actor: string;
  actor_kind: string;
  role: string;
  address: string;
  action: string;
  target: string;
  outcome: string;
  detail: string;
};

export async function insertAudit(engine: Pick<Engine, 'insertObjects'>, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const stored = entries.map(({ at_ms, ...entry }) => ({ at: at_ms, id: randomBytes(8).readBigUInt64LE().toString(), ...entry }));
  await engine.insertObjects('audit', stored);
}
