// Batches that a collector has refused for good, kept for people to look at, as records like those of a segment. Two files: when the newer
// is full, it replaces the older.
import { join } from 'node:path';
import type { Disk } from '../durable/disk.ts';
import { turns } from '../process/turns.ts';
import { type Batch, encodeRecord } from './record.ts';

const FILE = 'dead-letters';
const HALF_BYTES = 16 * 1024 * 1024;

export class DeadLetters {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #half_bytes: number;
  readonly #inTurn = turns();

  constructor(disk: Disk, directory: string, half_bytes = HALF_BYTES) {
    this.#disk = disk;
    this.#path = join(directory, FILE);
    this.#half_bytes = half_bytes;
  }

  /** Writes the batch, if the disk takes it. Its rows are counted as rejected either way. */
  add(batch: Batch): Promise<void> {
    return this.#inTurn(() => this.#write(batch)).catch(() => undefined);
  }

  async #write(batch: Batch): Promise<void> {
    const file = await this.#disk.open(this.#path, 'any');
    try {
      const length = await file.size();
      await file.write(encodeRecord(batch), length);
      if (length + batch.payload.length > this.#half_bytes) await this.#disk.rename(this.#path, `${this.#path}.old`);
    } finally {
      await file.close();
    }
  }
}
