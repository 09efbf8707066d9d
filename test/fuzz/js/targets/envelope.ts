// What an agent may post as a batch. The input: how the body is made, headers as JSON, and the body: as it is, or to be compressed.
import type { IncomingHttpHeaders } from 'node:http';
import { zstdCompressSync } from 'node:zlib';
import { BATCH_BYTES_MAX, HEADERS } from '../../../../agent/contract/batch-envelope.ts';
import { HEAD_AT, KIND, KINDS, type Kind } from '../../../../bpf/rows/rows.gen.ts';
import { REFUSALS, Refusal } from '../../../../server/errors.ts';
import { checkRows, type Envelope, readEnvelope } from '../../../../server/ingest/envelope.ts';
import { unpack, unpackedBytes } from '../../../../server/ingest/unpack.ts';
import { joinParts, splitParts } from '../parts.ts';
import { checkRefusal, must, orRefused, type Target } from '../target.ts';

const HOST = '0123456789abcdef';
const WINDOW = { from_ns: 1e15, to_ns: 2e18 };
const COMPRESSED = 1;
/** And a byte behind the frame. */
const TRAILED = 2;

function rowsOf(kind: Kind): Buffer {
  const { size, index } = KINDS[kind];
  const rows = Buffer.alloc(3 * size);
  for (let at = 0; at < rows.length; at += size) {
    rows.writeBigUInt64LE(BigInt(`0x${HOST}`), at + HEAD_AT.host_id);
    rows.writeBigUInt64LE(at === 0 ? 5n : 1_700_000_000_000_000_000n, at + HEAD_AT.time_ns);
    rows.writeUInt8(index, at + HEAD_AT.kind);
  }
  return rows;
}

function seedOf(kind: Kind, how: number): Uint8Array {
  const headers = { [HEADERS.schema]: KINDS[kind].schema, [HEADERS.hostId]: HOST, [HEADERS.epoch]: HOST, [HEADERS.sequence]: '17' };
  const rows = rowsOf(kind);
  return joinParts([Buffer.from([how]), Buffer.from(JSON.stringify(headers)), how === 0 ? zstdCompressSync(rows) : rows]);
}

function headersOf(text: string): IncomingHttpHeaders {
  try {
    const value: unknown = JSON.parse(text);
    return (typeof value === 'object' && value !== null ? value : {}) as IncomingHttpHeaders;
  } catch {
    return {};
  }
}

function checkEnvelope({ schema, host_id, epoch, sequence }: Envelope): void {
  const pattern = /^[a-z][a-z0-9_]*\/[0-9a-f]{12} [0-9a-f]{16} [0-9a-f]{16}$/;
  must(pattern.test(`${schema} ${host_id} ${epoch}`), 'an envelope names kind, host and run');
  must(Number.isSafeInteger(sequence) && sequence >= 1, 'a sequence counts from 1');
}

function check(rows: Buffer, kind: Kind): void {
  const checked = orRefused(() => checkRows(rows, { kind, host_id: HOST }, WINDOW), Refusal);
  if (checked === undefined) return;
  const { size } = KINDS[kind];
  must(checked.rows.length + (checked.quarantined?.length ?? 0) === rows.length, 'each row is kept or put aside');
  must(
    checked.rows.length % size === 0 && checked.quarantined?.length !== 0,
    'rows stay whole, and where none is put aside there is no list',
  );
  for (let at = 0; at < checked.rows.length; at += size) {
    const time_ns = Number(checked.rows.readBigUInt64LE(at + HEAD_AT.time_ns));
    must(time_ns >= WINDOW.from_ns && time_ns <= WINDOW.to_ns, 'what is kept is of the time that is kept');
    must(checked.rows[at + HEAD_AT.kind] === KINDS[kind].index, 'and of its kind');
    must(checked.rows.readBigUInt64LE(at + HEAD_AT.host_id) === BigInt(`0x${HOST}`), 'and of the host that sent it');
  }
}

export const target: Target = {
  covers: /^server\/ingest\/(envelope|unpack)/,
  seeds: () => KIND.flatMap((kind) => [0, COMPRESSED, TRAILED].map((how) => seedOf(kind, how))),
  words: Object.values(HEADERS),
  mutate(bytes, mutateBytes, dice) {
    const parts: Uint8Array[] = splitParts(bytes, 3);
    const at = dice.pick([1, 2, 2, 2, 0]);
    parts[at] = mutateBytes(parts[at] ?? new Uint8Array());
    return joinParts(parts);
  },
  async run(input) {
    const [how, text, body = Buffer.alloc(0)] = splitParts(input, 3);
    const envelope = orRefused(() => readEnvelope(headersOf(text?.toString() ?? '')), Refusal);
    if (envelope) checkEnvelope(envelope);
    const kind = KIND.find((name) => envelope?.schema.startsWith(`${name}/`)) ?? 'sample';
    const isCompressed = how?.[0] === COMPRESSED;
    const isTrailed = how?.[0] === TRAILED;
    const sent = Buffer.concat([isCompressed || isTrailed ? zstdCompressSync(body) : body, Buffer.alloc(isTrailed ? 1 : 0)]);
    must(unpackedBytes(sent) <= BATCH_BYTES_MAX, 'no more is reserved than a batch may have');
    try {
      const rows = await unpack(sent);
      must(rows.length <= BATCH_BYTES_MAX, 'a batch has its size');
      must(!isTrailed, 'a batch is one frame and nothing else');
      must(!isCompressed || rows.equals(body), 'what was packed is unpacked');
      check(rows, kind);
    } catch (error) {
      must(!isCompressed || body.length === 0 || error instanceof Refusal === false, `what was packed is accepted: ${error}`);
      checkRefusal(error, [Refusal]);
      must(error instanceof Refusal && error.code in REFUSALS, 'a code that is known');
    }
  },
};
