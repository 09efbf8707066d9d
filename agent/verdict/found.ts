// All that the rows of an investigation tell: a verdict on each segment that was sent again, why connects failed, who reset connections and
// what made them slow, and which call paths in the kernel led there. Verdicts and causes share sightings and sockets, which are made once.
import { type Causes, causesInSteps } from './causes.ts';
import type { Evidence } from './evidence.ts';
import { joinInSteps } from './joined.ts';
import { type StackGroup, stacksOf } from './stacks.ts';
import { type Judged, judgeInSteps } from './verdicts.ts';

export type Found = { judged: Judged; causes: Causes; stacks: readonly StackGroup[] };

/** Whoever asks may do something else between two steps. A step is as long as one look at all rows, or at all of one connection. */
export function* findInSteps(evidence: Evidence): Generator<undefined, Found> {
  const joined = yield* joinInSteps(evidence);
  yield;
  const judged = yield* judgeInSteps(joined);
  yield;
  const causes = yield* causesInSteps(joined);
  yield;
  return { judged, causes, stacks: stacksOf(evidence.stack) };
}
