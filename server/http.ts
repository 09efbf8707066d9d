// Used by all routes: the type of the application, and the answers to errors.

import { type IncomingMessage, maxHeaderSize, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, RawServerDefault } from 'fastify';
import { reasonOf } from '../agent/process/errors.ts';
import { Refusal, type RefusalCode } from './errors.ts';
import { LIMITS } from './limits.ts';
import { StoreError } from './storage/engine.ts';

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

/** Error codes of fastify for faults of a request, with the refusals for them. */
const FASTIFY_CODES: Record<string, RefusalCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body_empty',
};

/** Refusals that are logged, as the cause is in the collector. The others are told to the client and counted. */
const LOGGED: ReadonlySet<RefusalCode> = new Set(['internal', 'out_of_memory', 'store_failed', 'log_failed', 'log_disk_full', 'log_full']);
/** A failing disk or store fails each request: each code is logged once in this time, with the number of lines left out. */
const LOG_PERIOD_MS = 10_000;

/** Answers an error with a Problem. `count` is called for each refusal. */
export function errorReply(count: (refusal: Refusal) => void) {
  const logged = new Map<RefusalCode, { next_ms: number; held: number }>();
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const refusal = refusalOf(error);
    const { code, status, message, retry_after_s, span } = refusal;
    count(refusal);
    const last = logged.get(code) ?? { next_ms: 0, held: 0 };
    if (LOGGED.has(code) && Date.now() >= last.next_ms) {
      request.log.error({ err: error, code, held_back: last.held }, 'request failed');
      logged.set(code, { next_ms: Date.now() + LOG_PERIOD_MS, held: 0 });
    } else {
      request.log.debug({ code, reason: message }, 'request refused');
      last.held++;
    }
    // Fastify sets this header on a refused body, since more of it may come. Here all of it has come, so the connection can stay.
    if (request.raw.complete) reply.removeHeader('connection');
    if (retry_after_s !== undefined) reply.header('retry-after', String(retry_after_s));
    void reply.code(status).type('application/json; charset=utf-8').send({ code, message, digest: request.body_digest, span });
  };
}

/** Answers input that could not be parsed as a request, with the reason. */
export function clientErrorHandler(error: ClientError, socket: Socket): void {
  const { code, message, status } = refusalOfClient(error);
  if (socket.destroyed) return;
  const body = JSON.stringify({ code, message });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

type ClientError = Error & { code?: string };

function refusalOfClient(error: ClientError): Refusal {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal('request_too_slow', `the request did not come within ${LIMITS.request_ms.number / 1000} s: send it again`);
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal(
        'head_too_large',
        `the head of the request is larger than ${maxHeaderSize / 1024} KiB: send fewer or shorter headers`,
      );
    default:
      return new Refusal('request_invalid', `this is no HTTP request: ${reasonOf(error)}`);
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof StoreError) {
    // The engine's own message may quote rows, so it goes to the log only.
    return new Refusal('store_failed', `the store cannot answer now (${error.code}): try again`, { cause: error, retry_after_s: 5 });
  }
  const { code = '', statusCode = 500 } = (error ?? {}) as { code?: string; statusCode?: number };
  const known = FASTIFY_CODES[code];
  if (known) return new Refusal(known, reasonOf(error), { cause: error });
  if (statusCode >= 400 && statusCode < 500) return new Refusal('request_invalid', reasonOf(error), { cause: error });
  return new Refusal('internal', 'the collector failed at this; its log says at what', { cause: error });
}
