// Memory that requests of agents may take at once, reserved before a body is read.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';

export class InFlight {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Reserves the body's length and `unpackedBytes` until the reply has gone or the connection has.
   * @throws Refusal `length_required`, `too_large`, `too_many_bytes_in_flight`
   */
  reserve(request: FastifyRequest, reply: FastifyReply, bodyBytesMax: number, unpackedBytes: number): void {
    const length = Number(request.headers['content-length']);
    if (!Number.isSafeInteger(length))
      throw new Refusal('length_required', 'the header content-length is missing: send the body in one piece');
    if (length > bodyBytesMax) throw new Refusal('too_large', `the body has ${length} bytes, ${bodyBytesMax} may be`);
    const bytes = length + unpackedBytes;
    if (this.#bytes + bytes > this.#bytesMax) {
      throw new Refusal('too_many_bytes_in_flight', `${this.#bytes} bytes of requests are being worked on: send it again`, {
        retry_after_s: 1,
      });
    }
    this.#bytes += bytes;
    reply.raw.once('close', () => {
      this.#bytes -= bytes;
    });
  }
}
