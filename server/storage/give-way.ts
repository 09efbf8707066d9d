// Lets long statements give way to inserts of rows, where an engine takes one statement at a time: while rows wait to be inserted, one
// insert follows the other without a gap. Else each of these inserts would wait for a statement of upkeep, and the log would fill up.
import { setTimeout as sleep } from 'node:timers/promises';

/** So long a gap between two inserts says that none waits. */
const CALM_MS = 50;
/** A statement waits no longer than this: what upkeep builds is needed, too. */
const GIVE_WAY_MS_MAX = 5000;
const LOOK_MS = 10;

export class GiveWay {
  #inserting = 0;
  #last_ms = Number.NEGATIVE_INFINITY;

  /** Runs an insert of rows. */
  async insert(work: () => Promise<void>): Promise<void> {
    this.#inserting++;
    try {
      await work();
    } finally {
      this.#inserting--;
      this.#last_ms = performance.now();
    }
  }

  /** Resolves when no insert of rows waits, or when this one has waited for long enough. */
  async calm(): Promise<void> {
    const until_ms = performance.now() + GIVE_WAY_MS_MAX;
    while (performance.now() < until_ms && (this.#inserting > 0 || performance.now() - this.#last_ms < CALM_MS)) await sleep(LOOK_MS);
  }
}
