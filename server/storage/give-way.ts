// Lets long statements give way to inserts of rows, where an engine takes one statement at a time: while rows wait to be inserted, one
// insert follows the other without a gap. Else each of these inserts would wait for a statement of upkeep, and the log would fill up.
import { setTimeout as sleep } from 'node:timers/promises';

/** So long a gap between two inserts says that none waits. */
const CALM_MS = 50;
/**
 * A statement waits no longer than this: what upkeep builds is needed, too. Beside rows that are behind it comes less often: minutes and
 * hours that are built late are answered from rows, but rows that the log refuses may be lost.
 */
const GIVE_WAY_MS_MAX = { usual: 5000, behind: 60_000 } as const;
const LOOK_MS = 10;

export class GiveWay {
  #inserting = 0;
  #last_ms = Number.NEGATIVE_INFINITY;
  #is_behind = false;

  /** Runs an insert of rows. @param is_behind as that of a segment */
  async insert(is_behind: boolean, work: () => Promise<void>): Promise<void> {
    this.#inserting++;
    this.#is_behind = is_behind;
    try {
      await work();
    } finally {
      this.#inserting--;
      this.#last_ms = performance.now();
    }
  }

  /** Resolves when no insert of rows waits, or when this one has waited for long enough. */
  async calm(): Promise<void> {
    const began_ms = performance.now();
    const isPatient = () => performance.now() - began_ms < GIVE_WAY_MS_MAX[this.#is_behind ? 'behind' : 'usual'];
    while (isPatient() && (this.#inserting > 0 || performance.now() - this.#last_ms < CALM_MS)) await sleep(LOOK_MS);
  }
}
