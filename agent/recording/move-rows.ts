// Rewrites recorded rows for a replay: with another host id, another time and, in a loop, other connection ids.
import { HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { eachKind } from '../accounts/ledger.ts';

/** Columns that have a socket's cookie. */
const COOKIES: ReadonlySet<string> = new Set(['connection_id', 'listener_id']);
const COOKIES_AT = eachKind((kind) => KINDS[kind].columns.filter(({ name }) => COOKIES.has(name)).map(({ offset }) => offset));

export type Move = {
  /** undefined: rows keep theirs */
  host_id: bigint | undefined;
  /** the number of the loop's round: each has other connection ids */
  round: number;
  timeNow: (recorded_ns: bigint) => bigint;
};

/** Rewrites whole rows of one kind in place. */
export function moveRows(kind: Kind, rows: Uint8Array, { host_id, round, timeNow }: Move): void {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  // The round is in the high bits, which the kernel's cookies do not reach.
  const mark = BigInt(round & 0xffff) << 48n;
  for (let at = 0; at < rows.length; at += KINDS[kind].size) {
    view.setBigUint64(at + HEAD_AT.time_ns, timeNow(view.getBigUint64(at + HEAD_AT.time_ns, true)), true);
    if (host_id !== undefined) view.setBigUint64(at + HEAD_AT.host_id, host_id, true);
    for (const offset of COOKIES_AT[kind]) {
      const cookie = view.getBigUint64(at + offset, true);
      if (cookie !== 0n) view.setBigUint64(at + offset, cookie ^ mark, true);
    }
  }
}

/** The rows of one host; undefined: all rows. */
export function rowsOfHost(kind: Kind, rows: Uint8Array, host_id: bigint | undefined): Uint8Array {
  if (host_id === undefined) return rows;
  const { size } = KINDS[kind];
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const own = new Uint8Array(rows.length);
  let length = 0;
  for (let at = 0; at < rows.length; at += size) {
    if (view.getBigUint64(at + HEAD_AT.host_id, true) !== host_id) continue;
    own.set(rows.subarray(at, at + size), length);
    length += size;
  }
  return own.subarray(0, length);
}
