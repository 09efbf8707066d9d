import { waitFor } from '../support/wait.ts';

/** Waits for something to become true, for as long as the test may take. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  await waitFor(what, condition, Boolean, 5);
}
