// What a batch says about itself, from its headers, and whether its rows agree. Rows are compared where they lie, not decoded.
import type { IncomingHttpHeaders } from 'node:http';
import { HEADERS } from '../../agent/batch-envelope.ts';
import { HEAD_AT, KIND, KINDS, type Kind } from '../../bpf/rows.gen.ts';
import { Refusal } from '../errors.ts';
import { ROWS_KEPT_DAYS } from '../storage/row-tables.ts';

/** `host_id` and `epoch` as 16 hex digits. */
export type Envelope = { kind: Kind; host_id: string; epoch: string; sequence: number };

/** How far from now a row's time may be: older ones would be deleted at once, later ones never. */
export const TIME_WINDOW_MS = { past: ROWS_KEPT_DAYS * 24 * 3600 * 1000, future: 5 * 60 * 1000 } as const;

const HEX64 = /^[0-9a-f]{16}$/;
/** Up to 2^53, where numbers stop being exact. */
const SEQUENCE = /^[1-9][0-9]{0,15}$/;

/** @throws Refusal `header_missing`, `header_invalid`, `schema_unknown` */
export function readEnvelope(headers: IncomingHttpHeaders): Envelope {
  const kind = kindOf(header(headers, HEADERS.schema));
  const host_id = header(headers, HEADERS.hostId, HEX64, '16 hex digits');
  const epoch = header(headers, HEADERS.epoch, HEX64, '16 hex digits');
  const sequence = Number(header(headers, HEADERS.sequence, SEQUENCE, 'a decimal number from 1'));
  if (!Number.isSafeInteger(sequence)) throw new Refusal('header_invalid', `the header ${HEADERS.sequence} is above 2^53`);
  return { kind, host_id, epoch, sequence };
}

function header(headers: IncomingHttpHeaders, name: string, pattern = /^[\x21-\x7e]{1,128}$/, form = 'printable text'): string {
  const value = headers[name];
  if (value === undefined) throw new Refusal('header_missing', `the header ${name} is missing`);
  if (typeof value !== 'string' || !pattern.test(value)) throw new Refusal('header_invalid', `the header ${name} must be ${form}, once`);
  return value;
}

function kindOf(schema: string): Kind {
  const kind = KIND.find((candidate) => KINDS[candidate].schema === schema);
  if (kind) return kind;
  const known = KIND.map((candidate) => KINDS[candidate].schema).join(', ');
  throw new Refusal(
    'schema_unknown',
    `the schema ${schema} is not one of ${known}: run the same version of tcplens as agent and collector`,
  );
}

/**
 * @param rows as unpacked
 * @throws Refusal `body_empty`, `length_not_whole_rows`, `host_mismatch`, `kind_mismatch`, `time_out_of_window`
 */
export function checkRows(rows: Buffer, { kind, host_id }: Envelope, now_ms: number): void {
  const { size, index } = KINDS[kind];
  if (rows.length === 0) throw new Refusal('body_empty', 'the batch has no rows');
  if (rows.length % size !== 0) {
    throw new Refusal('length_not_whole_rows', `${rows.length} bytes are not a whole number of ${kind} rows, ${size} bytes each`);
  }
  const host = Buffer.from(host_id, 'hex').reverse();
  const [hostLow, hostHigh] = [host.readUInt32LE(0), host.readUInt32LE(4)];
  const window = { from: (now_ms - TIME_WINDOW_MS.past) * 1e6, to: (now_ms + TIME_WINDOW_MS.future) * 1e6 };
  for (let at = 0; at < rows.length; at += size) {
    if (rows.readUInt32LE(at + HEAD_AT.host_id) !== hostLow || rows.readUInt32LE(at + HEAD_AT.host_id + 4) !== hostHigh) {
      throw new Refusal('host_mismatch', `row ${at / size} is of another host than ${host_id}, which sent it`);
    }
    if (rows[at + HEAD_AT.kind] !== index) throw new Refusal('kind_mismatch', `row ${at / size} is not a ${kind} row`);
    // A double holds ns since the epoch to within 256 ns: enough for a window of minutes, and quicker than a bigint.
    const time_ns = rows.readUInt32LE(at + HEAD_AT.time_ns + 4) * 2 ** 32 + rows.readUInt32LE(at + HEAD_AT.time_ns);
    if (time_ns < window.from || time_ns > window.to) throw outOfWindow(`row ${at / size} is from`, time_ns / 1e6, now_ms);
  }
}

/** Says by how much `time_ms` misses the window. `subject` begins the sentence. */
export function outOfWindow(subject: string, time_ms: number, now_ms: number): Refusal {
  const off_s = Math.round((time_ms - now_ms) / 1000);
  const where = off_s < 0 ? `${-off_s} s ago, ${ROWS_KEPT_DAYS} days may be` : `${off_s} s ahead, 5 minutes may be`;
  return new Refusal('time_out_of_window', `${subject} ${where}: set the clock of the host`);
}
