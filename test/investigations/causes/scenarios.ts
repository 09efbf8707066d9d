// All scenarios of causes.
import { CONNECTS, RESETS } from './broken.ts';
import type { Scenario } from './scenario.ts';
import { SLOW } from './slow.ts';

export const SCENARIOS: readonly Scenario[] = [...CONNECTS, ...RESETS, ...SLOW];
