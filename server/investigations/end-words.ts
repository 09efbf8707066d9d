// Why an investigation has ended at a host, for people.
import type { End } from '../../agent/contract/investigation.ts';

export const END_WORDS = {
  time: 'its time was over',
  budget: 'it had written as many rows as it may',
  by_hand: 'somebody stopped it',
  safety: 'it became too much for the host',
  host_gone: 'nothing was heard of its agent any more',
  refused: 'its agent cannot do it',
} as const satisfies Record<End, string>;
