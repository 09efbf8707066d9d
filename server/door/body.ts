// Reads a body within a limit of time. Its memory is taken from the budget as its bytes arrive.
import type { Readable } from 'node:stream';
import { Refusal } from '../errors.ts';
import { giveBack } from '../give-back.ts';
import { LIMITS } from '../limits.ts';
import type { Budget, Held } from './budget.ts';

/**
 * The memory for the first bytes of a body. A smaller buffer would be copied too often; with a larger one slow bodies would hold too much.
 */
const FIRST_BYTES = 4096;
const CUT_OFF = 'the connection ended before the body did: send it again';

/** `length`: in bytes, as the request's header announces it. */
export type Body = { peer: string; length: number };

/**
 * Resolves with the whole body; `held` keeps its memory until it is released.
 * @throws Refusal `too_many_bytes_in_flight`, `body_too_slow`, `body_cut_off`
 */
export function readBody(payload: Readable, budget: Budget, { peer, length }: Body): Promise<{ body: Buffer; held: Held }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ body: Buffer; held: Held }>();
  let body = Buffer.alloc(0);
  let came = 0;
  // A refused body is read to its end and dropped: a client reads the answer only when it has sent everything.
  let refused: Refusal | undefined;
  const refuse = (refusal: Refusal) => {
    refused ??= refusal;
    budget.release(held);
    body = Buffer.alloc(0);
  };
  const held = budget.open(peer, performance.now(), refuse);
  const late = setTimeout(() => end(refused ?? tooSlow(came, length)), LIMITS.body_ms.number);
  const onData = (bytes: Buffer) => {
    came += bytes.length;
    if (refused) return;
    try {
      body = grown(body, { came, length }, (more) => budget.take(held, more, performance.now()));
      bytes.copy(body, came - bytes.length);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuse(error);
    }
  };
  const onClose = () => end(refused ?? new Refusal('body_cut_off', CUT_OFF));
  const onEnd = () => end(refused);
  const end = (refusal?: Refusal) => {
    clearTimeout(late);
    payload.off('data', onData).off('end', onEnd).off('error', onClose).off('close', onClose);
    if (refusal) {
      budget.release(held);
      // The error of an aborted connection has no other listener, and would end the process.
      payload.on('error', () => undefined).resume();
      reject(refusal);
      return;
    }
    budget.arrived(held);
    resolve({ body, held });
  };
  payload.on('data', onData).on('end', onEnd).on('error', onClose).on('close', onClose);
  return promise;
}

/** The buffer with room for the bytes that came: it doubles whenever it is full, up to the announced length. */
function grown(body: Buffer, { came, length }: { came: number; length: number }, take: (bytes: number) => void): Buffer<ArrayBuffer> {
  if (came <= body.length) return body as Buffer<ArrayBuffer>;
  const size = Math.min(length, Math.max(FIRST_BYTES, 2 * body.length, came));
  take(size - body.length);
  const larger = Buffer.allocUnsafeSlow(size);
  body.copy(larger);
  giveBack(body);
  return larger;
}

function tooSlow(came: number, length: number): Refusal {
  return new Refusal('body_too_slow', `${came} of ${length} bytes have come within ${LIMITS.body_ms.number / 1000} s: send it again`);
}
