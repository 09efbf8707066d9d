// Causes of verdicts in words and colours, and their shares. The mappings are total: a new cause does not compile until it has both.
import type { Cause, NotNeeded } from '../agent/verdict/cause.ts';
import type { Verdict } from '../server/api.ts';
import { formatRatio } from './format.ts';

/** In the order of bars, which is that of places on a segment's way. */
export const CAUSE_WORDS = {
  dropped_here: { label: 'dropped here', meaning: 'the sender’s own host did not let it out' },
  lost_outward: { label: 'lost outward', meaning: 'it did not come to its receiver, and no watched host dropped it' },
  dropped_between: { label: 'dropped between', meaning: 'a watched host on the way dropped it' },
  dropped_at_receiver: { label: 'dropped at the receiver', meaning: 'the receiver’s host dropped it before its socket' },
  lost_backward: { label: 'lost backward', meaning: 'it had come, and its acknowledgement was lost on the way back' },
  not_needed: { label: 'not needed', meaning: 'neither it nor its acknowledgement was lost' },
  not_known: { label: 'not known', meaning: 'the rows do not tell: below is what would have told' },
} as const satisfies Record<Cause, { label: string; meaning: string }>;
export const CAUSE_ORDER = Object.keys(CAUSE_WORDS) as Cause[];

/** Why a segment was sent again although that was not necessary. */
export const NOT_NEEDED_WORDS = {
  reordered: { label: 'reordered', meaning: 'what was sent later came before it' },
  delayed: { label: 'delayed', meaning: 'it, or its acknowledgement, was on its way for longer than the sender waited' },
  delayed_ack: { label: 'delayed ACK', meaning: 'the receiver had it and had not acknowledged it yet' },
  arrived: { label: 'had arrived', meaning: 'whether its acknowledgement was lost or late is not known' },
} as const satisfies Record<NotNeeded, { label: string; meaning: string }>;
export const NOT_NEEDED_ORDER = Object.keys(NOT_NEEDED_WORDS) as NotNeeded[];

/** The name of each cause's colour in the palette. */
export const CAUSE_COLOR = {
  dropped_here: '--cause-dropped-here',
  lost_outward: '--cause-lost-outward',
  dropped_between: '--cause-dropped-between',
  dropped_at_receiver: '--cause-dropped-at-receiver',
  lost_backward: '--cause-lost-backward',
  not_needed: '--cause-not-needed',
  not_known: '--cause-not-known',
} as const satisfies Record<Cause, string>;

export type Shares = Pick<Verdict, 'segments' | 'by_cause'>;

/** Share of the cause in all segments that were sent again, 0–1; 0 if none was. */
export const shareOf = ({ segments, by_cause }: Shares, cause: Cause): number => (segments === 0 ? 0 : by_cause[cause] / segments);

/** The causes that occur, in the order of bars. */
export const causesOf = ({ by_cause }: Shares): Cause[] => CAUSE_ORDER.filter((cause) => by_cause[cause] > 0);

/** The causes with their shares, the largest first: “dropped at the receiver 96.4 %, not needed 3.60 %”. */
export const sharesWords = (shares: Shares): string =>
  causesOf(shares)
    .toSorted((one, other) => shares.by_cause[other] - shares.by_cause[one])
    .map((cause) => `${CAUSE_WORDS[cause].label} ${formatRatio(shareOf(shares, cause))}`)
    .join(', ');
