// `POST /v1/rows`: a batch is checked without being decoded, made durable in the log, and only then acknowledged.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { type BatchName, LAYOUTS_PATH, type Receipt, ROWS_PATH, type RowsReceipt } from '../agent/contract/batch-envelope.ts';
import { KINDS, type Kind } from '../bpf/rows/rows.gen.ts';
import { Problem } from './api.ts';
import { checkHost } from './door/host-check.ts';
import { addressOf, agentPeer } from './door/peer.ts';
import { Refusal } from './errors.ts';
import type { VersionRefusals } from './fleet/version-refusals.ts';
import { giveBack } from './give-back.ts';
import type { App } from './http.ts';
import { checkRows, checkWhole, type Envelope, readEnvelope, readHostId } from './ingest/envelope.ts';
import type { Known, Layouts } from './ingest/layouts.ts';
import type { TimeWindow } from './ingest/time-window.ts';
import { unpack, unpackedBytes } from './ingest/unpack.ts';
import type { UnpackRoom } from './ingest/unpack-room.ts';
import { LIMITS } from './limits.ts';
import type { Live } from './live.ts';
import { laneOf } from './log/lane.ts';
import type { Log } from './log/log.ts';
import type { Metrics } from './metrics.ts';

export type IngestParts = {
  log: Log;
  live: Live;
  metrics: Metrics;
  unpacking: UnpackRoom;
  layouts: Layouts;
  versionRefusals: VersionRefusals;
  timeWindow: TimeWindow;
};

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
  const { unpacking } = parts;
  const registerRows: FastifyPluginAsyncTypebox = async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', scope.readBytes);
    scope.route({
      method: 'POST',
      url: ROWS_PATH,
      bodyLimit: LIMITS.rows_body.number,
      schema: {
        summary: 'Rows of one kind, as the kernel wrote them, in one zstd frame',
        description: 'The headers are those of agent/contract/batch-envelope.ts. The answer comes when the rows are on disk.',
        response: { 200: Accepted, '4xx': Problem, '5xx': Problem },
      },
      handler: async (request, reply) => {
        const envelope = readEnvelope(request.headers);
        checkHost(request.who, envelope.host_id);
        const known = knownOf(parts, envelope);
        if (!Buffer.isBuffer(request.body)) throw new Refusal('body_empty', 'the request has no body');
        await unpacking.room(agentPeer({ address: addressOf(request), headers: request.headers }), unpackedBytes(request.body), reply.raw);
        const accepted = await accept(parts, envelope, known, await unpack(request.body));
        return { ...envelope, digest: request.body_digest ?? '', ...accepted } satisfies RowsReceipt;
      },
    });
  };
  await app.register(registerRows);
  registerLayouts(app, parts);
}

/** @throws Refusal, and notes which hosts' agents are too old or too new */
function knownOf({ layouts, versionRefusals }: IngestParts, { schema, host_id }: Envelope): Known {
  try {
    return layouts.of(schema);
  } catch (error) {
    if (error instanceof Refusal && (error.code === 'kind_unknown' || error.code === 'layout_refused'))
      versionRefusals.note(BigInt(`0x${host_id}`), error.code, Date.now());
    throw error;
  }
}

async function accept(
  { log, live, metrics, timeWindow, layouts }: IngestParts,
  envelope: Envelope,
  known: Known,
  unpacked: Buffer,
): Promise<Omit<Accepted, keyof Receipt | keyof BatchName>> {
  const { kind } = known;
  const { host_id, epoch, sequence } = envelope;
  const now_ms = Date.now();
  const { rows, ...rest } = checkRows(ownRows(unpacked, known, metrics), { kind, host_id }, timeWindow.at(now_ms));
  const lane = laneOf(rows, now_ms);
  const { duplicate } = await log.append({ host_id, epoch, kind, sequence, lane, rows, ...rest });
  const aside = countOf(rest.quarantined, kind);
  const kept = countOf(rows, kind);
  layouts.met(envelope.schema);
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

function registerLayouts(app: App, { layouts }: IngestParts): void {
  app.route({
    method: 'POST',
    url: LAYOUTS_PATH,
    bodyLimit: LIMITS.layouts_body.number,
    schema: {
      summary: 'How rows of another version lie, after a batch was answered with layout_unknown',
      description:
        'Layouts of bpf/rows/layout.ts, each under the schema id that is made from it. The header tcplens-host-id says whose they are.',
      body: Type.Object({ layouts: Type.Array(Type.Unknown(), { minItems: 1, maxItems: LIMITS.layouts_count.number }) }),
      response: { 200: Type.Object({ known: Type.Integer(), digest: Digest }), '4xx': Problem, '5xx': Problem },
    },
    handler: async (request) => {
      const host_id = readHostId(request.headers);
      checkHost(request.who, host_id);
      await layouts.learn(host_id, request.body.layouts);
      return { known: request.body.layouts.length, digest: request.body_digest ?? '' };
    },
  });
}
