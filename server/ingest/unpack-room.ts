// Limits the memory for unpacked batches. A batch for which there is no room waits. Of the waiting batches, one of the peer with the least
// unpacked bytes is next, so that no peer waits behind all batches of another.
import type { ServerResponse } from 'node:http';

type Waiting = { peer: string; bytes: number; go: () => void };

export class UnpackRoom {
  readonly #bytesMax: number;
  readonly #byPeer = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Waits until there is room for `bytes`. The room is given back once `answer` is sent or its connection is closed. */
  async room(peer: string, bytes: number, answer: ServerResponse): Promise<void> {
    if (this.#waiting.size > 0 || !this.#fits(bytes)) {
      await new Promise<void>((go) => {
        this.#waiting.add({ peer, bytes, go });
      });
    } else this.#add(peer, bytes);
    const giveBack = () => {
      this.#add(peer, -bytes);
      this.#admit();
    };
    if (answer.closed) giveBack();
    else answer.once('close', giveBack);
  }

  /** A batch that is larger than all the room is unpacked while no other is. */
  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#bytesMax;
  }

  #add(peer: string, bytes: number): void {
    this.#bytes += bytes;
    const of_peer = this.#of(peer) + bytes;
    if (of_peer > 0) this.#byPeer.set(peer, of_peer);
    else this.#byPeer.delete(peer);
  }

  #of(peer: string): number {
    return this.#byPeer.get(peer) ?? 0;
  }

  #admit(): void {
    for (let next = this.#next(); next && this.#fits(next.bytes); next = this.#next()) {
      this.#waiting.delete(next);
      this.#add(next.peer, next.bytes);
      next.go();
    }
  }

  /** The next batch; of peers with equally many bytes, the one that has waited longest. */
  #next(): Waiting | undefined {
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) if (!next || this.#of(waiting.peer) < this.#of(next.peer)) next = waiting;
    return next;
  }
}
