// Reads what the headers of a batch say of it, and checks that its rows agree. Rows are compared as bytes and not decoded.
import type { IncomingHttpHeaders } from 'node:http';
import { HEADERS } from '../../agent/contract/batch-envelope.ts';
import { HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { Refusal } from '../errors.ts';

/** `host_id` and `epoch` are 16 hex digits. `schema` names the kind and the layout of the rows. */
export type Envelope = { schema: string; host_id: string; epoch: string; sequence: number };

const SCHEMA = /^[a-z][a-z0-9_]{0,63}\/[0-9a-f]{12}$/;
const HEX64 = /^[0-9a-f]{16}$/;
/** A sequence is at most 2^53: larger numbers are not exact. */
const SEQUENCE = /^[1-9][0-9]{0,15}$/;

/** @throws Refusal `header_missing`, `header_invalid` */
export function readEnvelope(headers: IncomingHttpHeaders): Envelope {
  const schema = header(headers, HEADERS.schema, SCHEMA, 'a kind, / and 12 hex digits');
  const host_id = readHostId(headers);
  const epoch = header(headers, HEADERS.epoch, HEX64, '16 hex digits');
  const sequence = Number(header(headers, HEADERS.sequence, SEQUENCE, 'a decimal number from 1'));
  if (!Number.isSafeInteger(sequence)) throw new Refusal('header_invalid', `the header ${HEADERS.sequence} is above 2^53`);
  return { schema, host_id, epoch, sequence };
}

/** @throws Refusal `header_missing`, `header_invalid` */
export function readHostId(headers: IncomingHttpHeaders): string {
  return header(headers, HEADERS.hostId, HEX64, '16 hex digits');
}

function header(headers: IncomingHttpHeaders, name: string, pattern = /^[\x21-\x7e]{1,128}$/, form = 'printable text'): string {
  const value = headers[name];
  if (value === undefined) throw new Refusal('header_missing', `the header ${name} is missing`);
  if (typeof value !== 'string' || !pattern.test(value)) throw new Refusal('header_invalid', `the header ${name} must be ${form}, once`);
  return value;
}

/**
 * `rows`: those whose time is inside the window. `quarantined`: the others; undefined if there are none. If there are any, `places` has the
 * indices of `rows` in the batch as it was sent. `oldest_ns`: the time of the oldest of `rows`, as a double, exact to 256 ns; Infinity if
 * there are no rows.
 */
export type Checked = { rows: Buffer; oldest_ns: number; places?: Uint32Array; quarantined?: Buffer };

/**
 * @param rows as unpacked, in this version's layout
 * @throws Refusal `body_empty`, `length_not_whole_rows`, `host_mismatch`, `kind_mismatch`
 */
export function checkRows(
  rows: Buffer,
  { kind, host_id }: { kind: Kind; host_id: string },
  { from_ns, to_ns }: { from_ns: number; to_ns: number },
): Checked {
  const { size, index } = KINDS[kind];
  if (rows.length === 0) throw new Refusal('body_empty', 'the batch has no rows');
  checkWhole(rows, kind, size);
  const host = Buffer.from(host_id, 'hex').reverse();
  const [hostLow, hostHigh] = [host.readUInt32LE(0), host.readUInt32LE(4)];
  const outside: number[] = [];
  let oldest_ns = Number.POSITIVE_INFINITY;
  for (let at = 0; at < rows.length; at += size) {
    if (rows.readUInt32LE(at + HEAD_AT.host_id) !== hostLow || rows.readUInt32LE(at + HEAD_AT.host_id + 4) !== hostHigh) {
      throw new Refusal('host_mismatch', `row ${at / size} is of another host than ${host_id}, which sent it`);
    }
    if (rows[at + HEAD_AT.kind] !== index) throw new Refusal('kind_mismatch', `row ${at / size} is not a ${kind} row`);
    // A double is exact to 256 ns here, which is enough for a window of minutes, and is quicker than a bigint.
    const time_ns = rows.readUInt32LE(at + HEAD_AT.time_ns + 4) * 2 ** 32 + rows.readUInt32LE(at + HEAD_AT.time_ns);
    if (time_ns < from_ns || time_ns > to_ns) outside.push(at);
    else if (time_ns < oldest_ns) oldest_ns = time_ns;
  }
  return outside.length === 0 ? { rows, oldest_ns } : { ...takeOut(rows, size, outside), oldest_ns };
}

/** @throws Refusal `length_not_whole_rows` */
export function checkWhole(rows: Buffer, kind: Kind, size: number): void {
  if (rows.length % size === 0) return;
  throw new Refusal('length_not_whole_rows', `${rows.length} bytes are not a whole number of ${kind} rows, ${size} bytes each`);
}

function takeOut(rows: Buffer, size: number, outside: readonly number[]): Omit<Checked, 'oldest_ns'> {
  const kept: Buffer[] = [];
  const places = new Uint32Array(rows.length / size - outside.length);
  let [from, count] = [0, 0];
  for (const at of [...outside, rows.length]) {
    kept.push(rows.subarray(from, at));
    for (; from < at; from += size) places[count++] = from / size;
    from = at + size;
  }
  return { rows: Buffer.concat(kept), places, quarantined: Buffer.concat(outside.map((at) => rows.subarray(at, at + size))) };
}
