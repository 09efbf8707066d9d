// Waits until a condition is true that has to become so. It has no deadline of its own: a busy machine takes its time, and what never comes
// is ended by the test's timeout. Until then it says now and then what it waits for, so that a log shows where a test hung.
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

const SAID_EVERY_MS = 20_000;

/** Looks every so many ms until `holds` is true of what it sees, and returns that. */
export async function waitFor<Seen>(
  what: string,
  look: () => Promise<Seen> | Seen,
  holds: (seen: Seen) => boolean,
  every_ms: number,
): Promise<Seen> {
  let seen = await look();
  const saying = setInterval(() => console.log(`still waiting for ${what}; now it is ${inspect(seen)}`), SAID_EVERY_MS);
  try {
    for (; !holds(seen); seen = await look()) await sleep(every_ms);
    return seen;
  } finally {
    clearInterval(saying);
  }
}
