import type { KernelTally } from '../source.ts';
import type { ConnectionOptions } from './connection-attributes.ts';
import type { Tally } from './row-series.ts';
import type { Group } from './tally-plan.ts';
import { readGroups, tallyProgram } from './tally-program.ts';

/** Far more than the largest group. */
const PIECE_BYTES = 256 * 1024;

/** Has the loader count the rows from now on; its groups are read out when they are asked for. */
export function countedBy(tally: KernelTally, options: ConnectionOptions): Tally {
  tally.start(tallyProgram(options));
  const piece = new Uint8Array(PIECE_BYTES);
  return {
    groups() {
      const all: Group[] = [];
      for (;;) {
        const length = tally.groups(all.length, piece);
        if (length <= 0) return all;
        all.push(...readGroups(piece.subarray(0, length), tally.reasonOf));
      }
    },
  };
}
