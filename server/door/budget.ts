// Bounds the memory of bodies that are being received, counted as their bytes arrive. When none is left for a body, another one is refused
// to make room: one that has been arriving for too long, else one of a peer that holds more than this body's peer, else a larger one of the
// same peer. If there is none of these, the body itself is refused.
import { Refusal } from '../errors.ts';

export type BudgetOptions = {
  bytes_max: number;
  peer_bytes_max: number;
  /** A body that has been arriving for longer is refused when another needs its memory. */
  slow_ms: number;
};
/** A body that is being received. `giveWay` refuses it: it is called at most once, and then the body holds no memory any more. */
export type Held = { readonly peer: string; readonly since_ms: number; readonly giveWay: (refusal: Refusal) => void; bytes: number };

const RETRY_AFTER_S_MAX = 30;
/** After so many refusals in a row Retry-After doubles. */
const REFUSALS_A_STEP = 64;

export class Budget {
  readonly #options: BudgetOptions;
  /** Bodies that are arriving, the oldest first. */
  readonly #arriving = new Set<Held>();
  readonly #byPeer = new Map<string, number>();
  #bytes = 0;
  /** Refusals since half of the memory was free. */
  #refused = 0;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A body begins to arrive. It holds no memory yet. */
  open(peer: string, now_ms: number, giveWay: Held['giveWay']): Held {
    const held = { peer, since_ms: now_ms, giveWay, bytes: 0 };
    this.#arriving.add(held);
    return held;
  }

  /** @throws Refusal `too_many_bytes_in_flight` */
  take(held: Held, bytes: number, now_ms: number): void {
    while (!this.#fits(held.peer, bytes)) {
      const other = this.#gives(held, bytes, now_ms);
      if (!other) throw this.#refusal();
      this.release(other);
      other.giveWay(this.#refusal());
    }
    this.#add(held, bytes);
  }

  /** The whole body has arrived. From now on it is not refused to make room for others. */
  arrived(held: Held): void {
    this.#arriving.delete(held);
  }

  /** Frees the body's memory. It may be called more than once. */
  release(held: Held): void {
    this.#arriving.delete(held);
    this.#add(held, -held.bytes);
    if (this.#bytes <= this.#options.bytes_max / 2) this.#refused = 0;
  }

  #add(held: Held, bytes: number): void {
    held.bytes += bytes;
    this.#bytes += bytes;
    const of_peer = this.#of(held.peer) + bytes;
    if (of_peer > 0) this.#byPeer.set(held.peer, of_peer);
    else this.#byPeer.delete(held.peer);
  }

  #of(peer: string): number {
    return this.#byPeer.get(peer) ?? 0;
  }

  #fits(peer: string, bytes: number): boolean {
    return this.#bytes + bytes <= this.#options.bytes_max && this.#of(peer) + bytes <= this.#options.peer_bytes_max;
  }

  /**
   * The body that is refused to make room for `held`: one that is too slow; else the largest of a peer that holds more, or of its own peer.
   */
  #gives(held: Held, bytes: number, now_ms: number): Held | undefined {
    const own_full = this.#of(held.peer) + bytes > this.#options.peer_bytes_max;
    const others = [...this.#arriving].filter((other) => other !== held && other.bytes > 0 && (!own_full || other.peer === held.peer));
    const slow = others.find(({ since_ms }) => now_ms - since_ms > this.#options.slow_ms);
    if (slow) return slow;
    const mine = this.#of(held.peer) + bytes;
    const larger = others.filter((other) => (other.peer === held.peer ? other.bytes > held.bytes + bytes : this.#of(other.peer) > mine));
    return larger.toSorted((a, b) => this.#of(b.peer) - this.#of(a.peer) || b.bytes - a.bytes)[0];
  }

  /** Retry-After grows with the refusals in a row. It is random within bounds, so that not all clients come back at once. */
  #refusal(): Refusal {
    this.#refused++;
    const most = Math.min(RETRY_AFTER_S_MAX, 2 ** Math.floor(this.#refused / REFUSALS_A_STEP));
    return new Refusal('too_many_bytes_in_flight', `${this.#bytes} bytes of requests are being worked on: send it again`, {
      retry_after_s: Math.ceil(Math.random() * most),
    });
  }
}
