// Memory that requests of agents may take at once: half of it for bodies, reserved before they are read, half for what they
// unpack to. A body that cannot be taken is refused; one that has been taken waits for its turn to be unpacked.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../errors.ts';

type Waiting = { bytes: number; go: () => void };

const RETRY_AFTER_S_MAX = 30;
/** Refusals in a row that double what Retry-After says. */
const REFUSALS_A_STEP = 64;

export class InFlight {
  readonly #bytesMax: number;
  #bodies = 0;
  #unpacked = 0;
  readonly #waiting: Waiting[] = [];
  /** Since half of the room was free. */
  #refused = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax / 2;
  }

  get bytes(): number {
    return this.#bodies + this.#unpacked;
  }

  /**
   * Reserves the body's length until the reply has gone or the connection has.
   * @throws Refusal `length_required`, `too_large`, `too_many_bytes_in_flight`
   */
  reserve(request: FastifyRequest, reply: FastifyReply, bodyBytesMax: number): void {
    const length = Number(request.headers['content-length']);
    if (!Number.isSafeInteger(length))
      throw new Refusal('length_required', 'the header content-length is missing: send the body in one piece');
    if (length > bodyBytesMax) throw new Refusal('too_large', `the body has ${length} bytes, ${bodyBytesMax} may be`);
    // A body larger than all the room there is has to go alone.
    if (this.#bodies > 0 && this.#bodies + length > this.#bytesMax) throw this.#refusal();
    this.#bodies += length;
    reply.raw.once('close', () => {
      this.#bodies -= length;
      if (this.#bodies <= this.#bytesMax / 2) this.#refused = 0;
    });
  }

  /** Waits until so many bytes may be unpacked; they are given back when the reply has gone or the connection has. */
  async room(reply: FastifyReply, bytes: number): Promise<void> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((go) => {
        this.#waiting.push({ bytes, go });
      });
    } else this.#unpacked += bytes;
    const giveBack = () => {
      this.#unpacked -= bytes;
      this.#admit();
    };
    if (reply.raw.closed) giveBack();
    else reply.raw.once('close', giveBack);
  }

  #fits(bytes: number): boolean {
    return this.#unpacked === 0 || this.#unpacked + bytes <= this.#bytesMax;
  }

  #admit(): void {
    for (let first = this.#waiting[0]; first && this.#fits(first.bytes); first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#unpacked += first.bytes;
      first.go();
    }
  }

  /** The more are refused in a row, the longer; spread, so that they do not come back all at once. */
  #refusal(): Refusal {
    this.#refused++;
    const most = Math.min(RETRY_AFTER_S_MAX, 2 ** Math.floor(this.#refused / REFUSALS_A_STEP));
    return new Refusal('too_many_bytes_in_flight', `${this.bytes} bytes of requests are being worked on: send it again`, {
      retry_after_s: Math.ceil(Math.random() * most),
    });
  }
}
