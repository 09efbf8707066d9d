// A recording as a source: this process filters and tallies its rows. Names come from the recording, since its pids and cgroups are those of
// the machine that it was made on.
import { filterRows } from '../filter/run.ts';
import { PlainTally } from '../metrics/plain-tally.ts';
import type { ReplaySource } from '../recording/replay-source.ts';
import type { Source } from './source.ts';
import { NOTHING_UNSEEN } from './unseen.ts';

export function fromRecording(replay: ReplaySource): Source {
  return {
    rows: replay,
    kernel_filters: undefined,
    names: () => replay.names,
    filter: (options) => filterRows(options, replay.names),
    scope: (expression, kinds) => filterRows({ expressions: [expression], kinds }, replay.names).wanted,
    budget: () => undefined,
    tally: (options) => new PlainTally(options),
    tallyOnly: () => {},
    unseen: () => NOTHING_UNSEEN,
    restrict: () => undefined,
  };
}
