// Entries of the audit, newest first, in pages.
import type { AuditPage, AuditQuery } from '../../api/people.ts';
import type { Queryable } from '../engine.ts';

type Entry = AuditPage['entries'][number];

export async function auditPage(store: Queryable, { from, to, actor, action, after, limit = 100 }: AuditQuery): Promise<AuditPage> {
  const [after_ms, after_id] = after?.split('.') ?? [];
  const conditions = [
    ...(from === undefined ? [] : ['at >= fromUnixTimestamp64Milli({from:Int64})']),
    ...(to === undefined ? [] : ['at < fromUnixTimestamp64Milli({to:Int64})']),
    ...(actor === undefined ? [] : ['actor = {actor:String}']),
    ...(action === undefined ? [] : ['action = {action:String}']),
    ...(after === undefined ? [] : ['(at, audit.id) < (fromUnixTimestamp64Milli({after_ms:Int64}), {after_id:UInt64})']),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = await store.query<Entry>(
    `SELECT toString(audit.id) AS id, toUnixTimestamp64Milli(at) AS at_ms, actor, actor_kind, role, address, action, target, outcome, detail
FROM audit FINAL ${where}
ORDER BY at DESC, audit.id DESC LIMIT {limit:UInt32}`,
    // One more than asked for shows whether there is another page.
    { from, to, actor, action, after_ms, after_id, limit: limit + 1 },
    limit + 1,
  );
  const entries = rows.slice(0, limit);
  const last = rows.length > limit ? entries.at(-1) : undefined;
  return { entries, next: last === undefined ? null : `${last.at_ms}.${last.id}` };
}
