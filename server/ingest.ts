// `POST /v1/rows`: a batch is checked without being decoded, made durable in the log, and only then acknowledged.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import {
  BATCH_BYTES_MAX,
  type BatchName,
  digestOf,
  LAYOUTS_PATH,
  type Receipt,
  ROWS_PATH,
  type RowsReceipt,
} from '../agent/batch-envelope.ts';
import { KINDS, type Kind } from '../bpf/rows.gen.ts';
import { Problem } from './api.ts';
import { Refusal } from './errors.ts';
import type { App } from './http.ts';
import { checkRows, checkWhole, type Envelope, readEnvelope, readHostId } from './ingest/envelope.ts';
import type { InFlight } from './ingest/in-flight.ts';
import type { Known, Layouts } from './ingest/layouts.ts';
import type { TimeWindow } from './ingest/time-window.ts';
import { unpack, unpackedBytes } from './ingest/unpack.ts';
import type { Live } from './live.ts';
import { laneOf } from './log/lane.ts';
import type { Log } from './log/log.ts';
import type { Metrics } from './metrics.ts';

export type IngestParts = { log: Log; live: Live; metrics: Metrics; inFlight: InFlight; layouts: Layouts; timeWindow: TimeWindow };

/** Rows that do not compress still fit: zstd adds a few bytes for each 128 KiB. */
const BODY_BYTES_MAX = BATCH_BYTES_MAX + 16 * 1024;

/** A layout has a few hundred columns at most. */
const LAYOUTS_BYTES_MAX = 1024 * 1024;
const LAYOUTS_A_REQUEST_MAX = 32;

const Digest = Type.String({ description: 'SHA-256 of the body as it arrived, in hex' });
const Accepted = Type.Object({
  schema: Type.String(),
  host_id: Type.String(),
  epoch: Type.String(),
  sequence: Type.Integer({ description: 'with the three above: the batch, as the headers name it' }),
  digest: Digest,
  rows: Type.Integer({ minimum: 1, description: 'rows in the batch' }),
  duplicate: Type.Boolean({ description: 'true: it was durable before this attempt' }),
  quarantined: Type.Integer({
    minimum: 0,
    description: 'rows of a time outside of what the tables keep: put aside and counted, not stored. 0 for a duplicate',
  }),
});
type Accepted = Static<typeof Accepted>;

export async function registerIngest(app: App, parts: IngestParts): Promise<void> {
  const { inFlight } = parts;
  const registerRows: FastifyPluginAsyncTypebox = async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
      request.body_digest = digestOf(body);
      done(null, body);
    });
    scope.route({
      method: 'POST',
      url: ROWS_PATH,
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        summary: 'Rows of one kind, as the kernel wrote them, in one zstd frame',
        description: 'The headers are those of agent/batch-envelope.ts. The answer comes when the rows are on disk.',
        response: { 200: Accepted, '4xx': Problem, '5xx': Problem },
      },
      onRequest: async (request, reply) => inFlight.reserve(request, reply, BODY_BYTES_MAX),
      handler: async (request, reply) => {
        const envelope = readEnvelope(request.headers);
        const known = parts.layouts.of(envelope.schema);
        if (!Buffer.isBuffer(request.body)) throw new Refusal('body_empty', 'the request has no body');
        await inFlight.room(reply, unpackedBytes(request.body));
        const accepted = await accept(parts, envelope, known, await unpack(request.body));
        return { ...envelope, digest: request.body_digest ?? '', ...accepted } satisfies RowsReceipt;
      },
    });
  };
  await app.register(registerRows);
  registerLayouts(app, parts);
}

async function accept(
  { log, live, metrics, timeWindow }: IngestParts,
  envelope: Envelope,
  known: Known,
  unpacked: Buffer,
): Promise<Omit<Accepted, keyof Receipt | keyof BatchName>> {
  const { kind } = known;
  const { host_id, epoch, sequence } = envelope;
  const now_ms = Date.now();
  const { rows, quarantined } = checkRows(ownRows(unpacked, known, metrics), { kind, host_id }, timeWindow.at(now_ms));
  const lane = laneOf(rows, now_ms);
  const { duplicate } = await log.append({ host_id, epoch, kind, sequence, lane, rows, ...(quarantined && { quarantined }) });
  const aside = countOf(quarantined, kind);
  const kept = countOf(rows, kind);
  metrics.batches.add(1, { kind, outcome: duplicate ? 'duplicate' : 'stored' });
  if (!duplicate) {
    metrics.rows.add(kept, { kind });
    if (aside > 0) metrics.lost.add(aside, { kind, outcome: 'quarantined' });
    if (kept > 0) live.acknowledged({ kind }, rows);
  }
  giveBack(unpacked);
  return { rows: kept + aside, duplicate, quarantined: duplicate ? 0 : aside };
}

function countOf(rows: Buffer | undefined, kind: Kind): number {
  return (rows?.length ?? 0) / KINDS[kind].size;
}

/** The same rows in this version's layout. */
function ownRows(unpacked: Buffer, { kind, conversion }: Known, metrics: Metrics): Buffer {
  if (conversion === undefined) return unpacked;
  checkWhole(unpacked, kind, conversion.size);
  const unmapped = new Map<string, number>();
  const rows = conversion.convert(unpacked, unmapped);
  for (const [column, values] of unmapped) metrics.valuesUnmapped.add(values, { kind, column });
  return Buffer.from(rows.buffer, rows.byteOffset, rows.length);
}

/** Memory outside of the heap waits long for its garbage collection: a large buffer of its own is given back at once. */
function giveBack(unpacked: Buffer): void {
  const { buffer, byteOffset } = unpacked;
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}

function registerLayouts(app: App, { layouts, inFlight }: IngestParts): void {
  app.route({
    method: 'POST',
    url: LAYOUTS_PATH,
    bodyLimit: LAYOUTS_BYTES_MAX,
    schema: {
      summary: 'How rows of another version lie, after a batch was answered with layout_unknown',
      description:
        'Layouts of bpf/layout.ts, each under the schema id that is made from it. The header tcplens-host-id says whose they are.',
      body: Type.Object({ layouts: Type.Array(Type.Unknown(), { minItems: 1, maxItems: LAYOUTS_A_REQUEST_MAX }) }),
      response: { 200: Type.Object({ known: Type.Integer(), digest: Digest }), '4xx': Problem, '5xx': Problem },
    },
    onRequest: async (request, reply) => inFlight.reserve(request, reply, LAYOUTS_BYTES_MAX),
    handler: async (request) => {
      await layouts.learn(readHostId(request.headers), request.body.layouts);
      return { known: request.body.layouts.length, digest: request.body_digest ?? '' };
    },
  });
}
