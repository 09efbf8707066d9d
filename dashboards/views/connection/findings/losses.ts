// What was sent again, and whether it had been lost.
import { formatCount } from '../../../format.ts';
import { type Look, segments } from './finding.ts';

export const notNeeded: Look = ({ retrans_spurious, total_retrans }) =>
  retrans_spurious
    ? {
        whose: 'not loss',
        words: `${segments(retrans_spurious)} of ${formatCount(total_retrans ?? retrans_spurious)} sent again had not been lost: reordering, or a timer that fired too early.`,
      }
    : undefined;
