// Rows of made-up paths, sent to a collector by the two hosts at the ends.
import { zstdCompressSync } from 'node:zlib';
import { ROWS_PATH } from '../../../agent/contract/batch-envelope.ts';
import type { Evidence, EvidenceKind } from '../../../agent/verdict/evidence.ts';
import { EVIDENCE_KINDS } from '../../../agent/verdict/evidence.ts';
import { KINDS, type Kind, type Rows } from '../../../bpf/rows/rows.gen.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { headersOf } from './agent.ts';
import { ask, type Enrolled } from './enrolled.ts';

const BATCH_ROWS = 2000;
/** The time at which the made-up rows begin. */
const BEGINS_NS = 10n ** 15n;

/** The rows with `hosts` in place of the hosts 1 and 2, with other members as in `changes`, and moved to begin at `from_ms`. */
export function placed(evidence: Evidence, hosts: readonly Enrolled[], from_ms: number, changes: object): Evidence {
  const place = (row: Evidence[EvidenceKind][number]) => ({
    ...row,
    ...changes,
    host_id: BigInt(`0x${hosts[Number(row.host_id) - 1]?.host_id}`),
    time_ns: row.time_ns - BEGINS_NS + BigInt(from_ms) * 1_000_000n,
  });
  return Object.fromEntries(EVIDENCE_KINDS.map((kind) => [kind, evidence[kind].map(place)])) as unknown as Evidence;
}

/** Lets each host send its own rows. */
export async function sendAll(url: string, evidence: Evidence, hosts: readonly Enrolled[]): Promise<void> {
  for (const host of hosts) {
    for (const kind of EVIDENCE_KINDS) {
      const own = evidence[kind].filter(({ host_id }) => host_id === BigInt(`0x${host.host_id}`));
      for (let at = 0; at < own.length; at += BATCH_ROWS) {
        const rows = own.slice(at, at + BATCH_ROWS).map((row) => rowBytes(kind, valuesOf(kind, row)));
        const headers = { ...headersOf(kind, at / BATCH_ROWS + 1), ...host.headers, 'tcplens-host-id': host.host_id };
        const { status, text } = await ask(url + ROWS_PATH, { headers, body: zstdCompressSync(Buffer.concat(rows)) });
        if (status !== 200) throw new Error(`${kind}: ${status} ${text}`);
      }
    }
  }
}

/** A row's members as values for rows.h. */
function valuesOf(kind: Kind, row: Rows[Kind]): RowValues {
  const types = new Map<string, string>(KINDS[kind].columns.map(({ name, type }) => [name, type]));
  const values = Object.entries(row).map(([name, value]): [string, number | bigint | string] => {
    const type = types.get(name) ?? '';
    if (type.startsWith('Enum8')) return [name, Number(new RegExp(`'${value}' = (\\d+)`).exec(type)?.[1] ?? 0)];
    if (value === '::') return [name, '0'.repeat(32)];
    return [name, typeof value === 'boolean' ? Number(value) : value];
  });
  return Object.fromEntries(values);
}
