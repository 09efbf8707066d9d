// Connections of the embedded engine. One that a statement failed on may begin its next answer with what that statement had already
// given: after any failure it is given up, and a new one takes its place. That costs less than a millisecond.
import type { ClickHouseClient } from '@clickhouse/client';
import { turns } from '../../agent/process/turns.ts';
import { StoreError } from './engine.ts';

/** A connection at a time, and one statement at a time on it. */
export class Connection {
  readonly #open: () => Promise<ClickHouseClient>;
  readonly #inTurn = turns();
  #client: ClickHouseClient | undefined;
  #closed = false;
  #waiting = 0;

  /** @param open gives a client of a connection of its own */
  constructor(open: () => Promise<ClickHouseClient>) {
    this.#open = open;
  }

  /** Statements that run or wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Runs one statement when those before it are done. Whatever it throws costs the connection. */
  async run<Result>(statement: (client: ClickHouseClient) => Promise<Result>): Promise<Result> {
    this.#waiting++;
    try {
      return await this.#inTurn(async () => {
        if (this.#closed) throw new StoreError('store_unavailable', 'the store has been closed');
        this.#client ??= await this.#open();
        try {
          return await statement(this.#client);
        } catch (error) {
          await this.#replace();
          throw error;
        }
      });
    } finally {
      this.#waiting--;
    }
  }

  /** Resolves when the statement that runs has ended. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#inTurn(async () => {
      await this.#client?.close();
      this.#client = undefined;
    });
  }

  /** The new one comes first: the engine ends with its last connection. Where none can be had now, the next statement tries again. */
  async #replace(): Promise<void> {
    const broken = this.#client;
    this.#client = await this.#open().catch(() => undefined);
    await broken?.close();
  }
}
