// A rollout of new settings: first to some hosts, then to all, and back if it does harm. Pure functions.
import { createHash } from 'node:crypto';
import type { RolloutRecord } from '../access/records.ts';

/** What was found since the stage began. `late`: hosts among the first that have not confirmed the version. */
export type Facts = { troubles: readonly { host: string; why: string }[]; late: readonly string[] };

/** The version of the settings that the host should have; 0: none. */
export function versionFor(rollout: RolloutRecord | undefined, host_id: string): number {
  if (rollout === undefined) return 0;
  const { stage, version, base, first } = rollout;
  if (stage === 'rolled_back') return base;
  return stage === 'first' && !first.includes(host_id) ? base : version;
}

export const isUnderWay = (rollout: RolloutRecord | undefined): boolean => rollout?.stage === 'first' || rollout?.stage === 'all';

/** The version on which the next change is based: the newest that was not rolled back. */
export function settled(rollout: RolloutRecord | undefined): number {
  return rollout === undefined ? 0 : rollout.stage === 'rolled_back' ? rollout.base : rollout.version;
}

/** The hosts that take a version first: a share of all, at least one. They are other hosts for each version. */
export function firstOf(hosts: readonly string[], share: number, version: number): string[] {
  const place = (host: string) => createHash('sha256').update(`${version} ${host}`).digest('hex');
  const ranked = hosts.map((host) => [place(host), host] as const).toSorted();
  return ranked.slice(0, Math.max(1, Math.ceil(hosts.length * share))).map(([, host]) => host);
}

/** The next state of the rollout; the same object if nothing changes. */
export function step(rollout: RolloutRecord, { troubles, late }: Facts, now_ms: number): RolloutRecord {
  if (!isUnderWay(rollout)) return rollout;
  const [trouble] = troubles;
  if (trouble !== undefined) return rolledBack(rollout, whyOf(trouble, troubles.length), now_ms);
  if (now_ms < rollout.stage_ms + rollout.watch_ms) return rollout;
  if (rollout.stage === 'all') return { ...rollout, stage: 'done', stage_ms: now_ms };
  if (late.length > 0)
    return rolledBack(rollout, `${late.length} of the first ${rollout.first.length} hosts did not take it, ${late[0]} among them`, now_ms);
  return { ...rollout, stage: 'all', stage_ms: now_ms };
}

export function rolledBack(rollout: RolloutRecord, why: string, now_ms: number): RolloutRecord {
  return { ...rollout, stage: 'rolled_back', why, stage_ms: now_ms };
}

function whyOf({ host, why }: Facts['troubles'][number], count: number): string {
  return `${host} ${why}${count > 1 ? `; ${count} hosts have such trouble` : ''}`;
}

export type Rows = { seen: number; lost: number; withheld: number };

/** A smaller share of lost rows is normal, and fewer rows than ROWS_MIN prove nothing. */
const SHARE_MAX = 0.001;
const ROWS_MIN = 3;

/**
 * The harm that a change did to a host, in words; undefined: none. Only rows since the change count. A host that lost rows before may lose
 * up to twice that share.
 */
export function harmOf(before: Rows, now: Rows, accept_loss: boolean): string | undefined {
  const [seen, lost, withheld] = [now.seen - before.seen, now.lost - before.lost, now.withheld - before.withheld];
  const usual = (rows: number) => Math.max(SHARE_MAX, (2 * rows) / Math.max(1, before.seen));
  const isMuch = (rows: number, share: number) => rows >= ROWS_MIN && rows > seen * share;
  if (isMuch(lost, usual(before.lost))) return `has lost ${lost} of ${seen} rows since`;
  if (!accept_loss && isMuch(withheld, usual(before.withheld)))
    return `withholds ${withheld} of ${seen} rows by its budgets since; where that is meant, accept the loss`;
  return undefined;
}
