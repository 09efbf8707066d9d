import type { KernelTally } from '../kernel/controls.ts';
import type { Tally } from './row-series.ts';
import type { ConnectionOptions, Group } from './tally-plan.ts';
import { readGroups, tallyProgram } from './tally-program.ts';

/** Groups are copied in pieces of this size, many times the largest group. */
const PIECE_BYTES = 256 * 1024;

/** A tally by the loader, which starts it now. Groups are copied out of the loader on each call. */
export function countedBy(tally: KernelTally, options: ConnectionOptions): Tally {
  tally.start(tallyProgram(options));
  const piece = new Uint8Array(PIECE_BYTES);
  return {
    count() {},
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
