// Replaces a connection of the embedded engine after each failure: after a failed statement, the next answer on the same connection may
// begin with rows of the failed one. A new connection takes less than a millisecond.
import type { ClickHouseClient } from '@clickhouse/client';
import { turns } from '../../agent/process/turns.ts';
import { StoreError } from './engine.ts';

/** One connection at a time, on which one statement runs at a time. */
export class Connection {
  readonly #open: () => Promise<ClickHouseClient>;
  readonly #inTurn = turns();
  #client: ClickHouseClient | undefined;
  #closed = false;
  #waiting = 0;

  /** @param open makes a client with a new connection */
  constructor(open: () => Promise<ClickHouseClient>) {
    this.#open = open;
  }

  /** The number of statements that run or wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Runs one statement when those before it are done. If it throws, the connection is replaced. */
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

  /** Closes the connection once the running statement has ended. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#inTurn(async () => {
      await this.#client?.close();
      this.#client = undefined;
    });
  }

  /**
   * Opens the new connection before it closes the old one, since the engine ends with its last connection. If that fails, the next
   * statement tries again.
   */
  async #replace(): Promise<void> {
    const broken = this.#client;
    this.#client = await this.#open().catch(() => undefined);
    await broken?.close();
  }
}
