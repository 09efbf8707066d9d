// How often a property is tried: as often as its test says, or with TCPLENS_RUNS (make test-deep) at least so often. TCPLENS_SEED and
// TCPLENS_PATH repeat a failure, which has printed them.
import process from 'node:process';
import fc from 'fast-check';

const { TCPLENS_RUNS: RUNS, TCPLENS_SEED: SEED, TCPLENS_PATH: PATH = '' } = process.env;
const again = SEED === undefined ? {} : { seed: Number(SEED), path: PATH };

// Properties that do not say how often.
if (RUNS !== undefined || SEED !== undefined) fc.configureGlobal({ ...(RUNS !== undefined && { numRuns: Number(RUNS) }), ...again });

/** fast-check's parameters for a property that is otherwise tried `usual` times. */
export function tries(usual: number): { numRuns: number; seed?: number; path?: string } {
  return { numRuns: Math.max(usual, Number(RUNS ?? 0)), ...again };
}
