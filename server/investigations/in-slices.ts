// Long work of the collector's only thread, in slices: between two of them whoever else asks has his turn.
import { setImmediate as nextTurn } from 'node:timers/promises';

const SLICE_MS = 10;

/** Takes the steps of `work` to their end. A slice is as long as its last step makes it. */
export async function inSlices<Result>(work: Generator<unknown, Result>): Promise<Result> {
  let until = performance.now() + SLICE_MS;
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() < until) continue;
    await nextTurn();
    until = performance.now() + SLICE_MS;
  }
}
