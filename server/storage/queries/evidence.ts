// The rows that verdicts on an investigation rest on, as they were drained.
import { formatAddress, parseAddress } from '../../../agent/contract/language/address.ts';
import { EVIDENCE_KINDS, type Evidence, type EvidenceKind, noEvidence } from '../../../agent/verdict/evidence.ts';
import { KIND, KINDS, type Rows } from '../../../bpf/rows/rows.gen.ts';
import { storedColumns } from '../columns.ts';
import type { Queryable } from '../engine.ts';
import { Params } from '../language/params.ts';
import { rowsTime } from './window.ts';

/** `slot`: rows of this host that the investigation asked for have this bit of `filters`. */
export type AskedAt = { host_id: bigint; slot: number };

export type Found = {
  evidence: Evidence;
  /** kinds of which there are more rows than were read: the first ones were */
  cut: EvidenceKind[];
};

/** At most so many rows of each kind are read. @param most of each kind */
export async function evidenceOf(
  store: Queryable,
  hosts: readonly AskedAt[],
  from_ms: number,
  to_ms: number,
  most: number,
): Promise<Found> {
  const evidence = noEvidence();
  const cut: EvidenceKind[] = [];
  if (hosts.length === 0) return { evidence, cut };
  const fill = async <Name extends EvidenceKind>(kind: Name) => {
    const rows: Rows[Name][] = evidence[kind];
    const found = await rowsOf(store, kind, hosts, rowsTime(from_ms, to_ms), most + 1);
    if (found.length > most) cut.push(kind);
    rows.push(...found.slice(0, most));
  };
  for (const kind of EVIDENCE_KINDS) await fill(kind);
  return { evidence, cut };
}

async function rowsOf<Name extends EvidenceKind>(
  store: Queryable,
  kind: Name,
  hosts: readonly AskedAt[],
  time: string,
  most: number,
): Promise<Rows[Name][]> {
  const params = new Params();
  const asked = askedFor(hosts, params);
  const columns = storedColumns(kind).map(({ name }) => `${textOf(kind, name)} AS ${name}`);
  const found = await store.query<Record<string, unknown>>(
    `SELECT ${columns.join(', ')} FROM (SELECT * FROM ${kind} FINAL WHERE ${time} AND ${asked} ORDER BY time_ns LIMIT ${most}) AS t ORDER BY t.time_ns`,
    params.values,
    most,
  );
  return found.map((row) => rowIn(kind, row));
}

/** The rows that the investigation asked for. */
function askedFor(hosts: readonly AskedAt[], params: Params): string {
  const by_slot = Map.groupBy(hosts, ({ slot }) => slot);
  const asked = [...by_slot].map(([slot, at]) => {
    const ids = params.bind(
      'Array(UInt64)',
      at.map(({ host_id }) => host_id),
    );
    return `(bitTest(filters, ${params.bind('UInt16', slot)}) AND host_id IN ${ids})`;
  });
  return `(${asked.join(' OR ')})`;
}

/** How many rows of all kinds are stored that the investigation asked for. */
export async function rowsStored(store: Queryable, hosts: readonly AskedAt[], from_ms: number, to_ms: number): Promise<number> {
  if (hosts.length === 0) return 0;
  const params = new Params();
  const where = `${rowsTime(from_ms, to_ms)} AND ${askedFor(hosts, params)}`;
  const counts = KIND.map((kind) => `SELECT count() AS rows FROM ${kind} FINAL WHERE ${where}`);
  const [found] = await store.query<{ rows: number }>(`SELECT sum(rows) AS rows FROM (${counts.join(' UNION ALL ')})`, params.values, 1);
  return found?.rows ?? 0;
}

/** A row of nothing: it shows what each member is in TypeScript. */
function emptyRow(kind: EvidenceKind): Record<string, unknown> {
  return { ...KINDS[kind].read(new DataView(new ArrayBuffer(KINDS[kind].size)), 0) };
}

/** Numbers that may be larger than a double holds travel as text. */
function textOf(kind: EvidenceKind, name: string): string {
  if (name === 'time_ns') return 'toString(toUnixTimestamp64Nano(t.time_ns))';
  const is_text = typeof emptyRow(kind)[name] === 'bigint' || name.endsWith('_addr');
  return is_text ? `toString(t.${name})` : `t.${name}`;
}

/** The columns of the answer are the members of the kind, so only what a member is written as has to be undone. */
function rowIn<Name extends EvidenceKind>(kind: Name, found: Record<string, unknown>): Rows[Name] {
  const empty = emptyRow(kind);
  const members = Object.entries(empty).map(([name, nothing]): [string, unknown] => {
    const value = name === 'kind' ? kind : found[name];
    if (typeof nothing === 'bigint') return [name, BigInt(String(value ?? 0))];
    if (name.endsWith('_addr')) return [name, formatAddress(parseAddress(String(value)) ?? 0n)];
    return [name, typeof value === 'string' ? value.replaceAll('\0', '') : (value ?? nothing)];
  });
  return Object.fromEntries(members) as Rows[Name];
}
