// Wakes the event loop when a ring has a row: a thread of the loader (bpf/loader/waker.c) waits for it and writes to a socket.
import { Socket } from 'node:net';

const ASK = Buffer.from([0]);

export class Waker {
  readonly #socket: Socket;
  #asked = false;
  #onRows: () => void = () => {};

  /** @param descriptor - the reader's end of the socket; closed by `close` */
  constructor(descriptor: number) {
    this.#socket = new Socket({ fd: descriptor, readable: true, writable: true });
    this.#socket.on('data', () => {
      this.#asked = false;
      this.#onRows();
    });
    // The loader closes its end first, which is an error here.
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.unref();
  }

  /** Calls back once when a ring has a row. Replaces a callback that still waits. */
  once(onRows: () => void): void {
    this.#onRows = onRows;
    if (this.#asked || this.#socket.destroyed) return;
    this.#asked = true;
    this.#socket.write(ASK);
  }

  close(): void {
    this.#socket.destroy();
  }
}
