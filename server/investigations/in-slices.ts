// Splits long work on the collector's only thread into slices, so that other requests are answered between them.
import { setImmediate as nextTurn } from 'node:timers/promises';

const SLICE_MS = 10;

/** Runs all steps of `work`. A slice ends with the step that goes beyond SLICE_MS. */
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
