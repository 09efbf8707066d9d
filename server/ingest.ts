// `POST /v1/rows`: a batch is checked without being decoded, made durable in the log, and only then acknowledged.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { BATCH_BYTES_MAX, ROWS_PATH } from '../agent/batch-envelope.ts';
import { KINDS } from '../bpf/rows.gen.ts';
import { Problem } from './api.ts';
import { Refusal } from './errors.ts';
import type { App } from './http.ts';
import { checkRows, readEnvelope } from './ingest/envelope.ts';
import type { InFlight } from './ingest/in-flight.ts';
import { unpack } from './ingest/unpack.ts';
import type { Live } from './live.ts';
import type { Log } from './log/log.ts';
import type { Metrics } from './metrics.ts';

export type IngestParts = { log: Log; live: Live; metrics: Metrics; inFlight: InFlight };

/** Rows that do not compress still fit: zstd adds a few bytes for each 128 KiB. */
const BODY_BYTES_MAX = BATCH_BYTES_MAX + 16 * 1024;

const Accepted = Type.Object({
  rows: Type.Integer({ minimum: 1, description: 'rows in the batch' }),
  duplicate: Type.Boolean({ description: 'true: it was durable before this attempt' }),
});

export async function registerIngest(app: App, { log, live, metrics, inFlight }: IngestParts): Promise<void> {
  const registerRows: FastifyPluginAsyncTypebox = async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.route({
      method: 'POST',
      url: ROWS_PATH,
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        summary: 'Rows of one kind, as the kernel wrote them, in one zstd frame',
        description: 'The headers are those of agent/batch-envelope.ts. The answer comes when the rows are on disk.',
        response: { 200: Accepted, '4xx': Problem, '5xx': Problem },
      },
      onRequest: async (request, reply) => inFlight.reserve(request, reply, BODY_BYTES_MAX, BATCH_BYTES_MAX),
      handler: async (request) => {
        const envelope = readEnvelope(request.headers);
        if (!Buffer.isBuffer(request.body)) throw new Refusal('body_empty', 'the request has no body');
        const rows = await unpack(request.body);
        checkRows(rows, envelope, Date.now());
        const { duplicate } = await log.append({ ...envelope, rows });
        const count = rows.length / KINDS[envelope.kind].size;
        metrics.batches.add(1, { kind: envelope.kind, outcome: duplicate ? 'duplicate' : 'stored' });
        if (!duplicate) {
          metrics.rows.add(count, { kind: envelope.kind });
          live.acknowledged(envelope, rows);
        }
        return { rows: count, duplicate };
      },
    });
  };
  await app.register(registerRows);
}
