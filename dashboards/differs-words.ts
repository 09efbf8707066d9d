// What differs in a time, in sentences. Pure.
import type { Difference, Differs } from '../server/api.ts';
import { formatOf } from './explore-answer.ts';
import { formatDurationUs, formatName, formatNumber, NO_FIGURE } from './format.ts';

/** Explains the figures of a finding; shown in the manual. */
export const DIFFERS_WORDS = {
  explains: {
    label: 'of the rise',
    meaning:
      'the share of the whole change that a value explains: what it adds to the metric now less what it added before, over the change of all. Those of all values of a dimension add up to the whole; where some fell, others explain more than all of a rise.',
  },
  share_before: {
    label: 'before',
    meaning:
      'the share of the metric that a value had before; of a ratio or quantile, its share of what that is of. So much of the change it would explain if all values had changed alike.',
  },
  excess: {
    label: 'the order',
    meaning:
      'values are ranked by how much more of the change they explain than their share before. It is 0 where all changed alike, however large a value is; below 10 % nothing is listed.',
  },
  slower: {
    label: 'what became slow',
    meaning:
      'a quantile has no parts. What explains its change is which times are above it: above the lower one of the quantiles of the two times.',
  },
  few: { label: 'few', meaning: 'so little was counted of it in both times together that it says little; it is listed last.' },
} as const;

const SPACE = '\u202f';
/** A share as whole per cent. */
export function shareWords(share: number): string {
  if (share <= 0) return 'none';
  return share < 0.01 ? `<1${SPACE}%` : `${Math.round(share * 100)}${SPACE}%`;
}

export const isRise = ({ change }: Pick<Differs, 'change'>): boolean => (change ?? 0) >= 0;

/** “12 a second”, “3 %”, “40 ms”. */
export function metricWords({ is, unit }: Pick<Differs, 'is' | 'unit'>, value: number | null): string {
  if (value === null) return NO_FIGURE;
  return is === 'sum' ? `${formatOf(unit)(value)} a second` : formatOf(unit)(value);
}

/** How the metric has changed. */
export function summaryOf(answer: Differs): string {
  const { metric, now, before } = answer;
  const [is, was] = [metricWords(answer, now.value), metricWords(answer, before.value)];
  switch (answer.state) {
    case 'nothing_before':
      return `${metric}: nothing was measured in the time before, so there is nothing to compare with. Choose another time.`;
    case 'nothing_now':
      return `${metric}: nothing was measured in this time, so there is nothing to compare. Before it was ${was}.`;
    case 'few':
      return `${metric} is ${is} and was ${was}, but of ${formatNumber(now.samples)} ${answer.of} now and ${formatNumber(before.samples)} before: too few to say what differs.`;
    case 'steady':
      return `${metric} has hardly changed: ${is} now, ${was} before.`;
    case 'alike':
      return `${metric} ${isRise(answer) ? 'rose' : 'fell'} from ${was} to ${is}. Nothing differs: it ${isRise(answer) ? 'grew' : 'fell'} everywhere alike.`;
    case 'found':
      return `${metric} ${isRise(answer) ? 'rose' : 'fell'} from ${was} to ${is}.`;
  }
}

export const nameOf = ({ dimension, value }: Pick<Difference, 'dimension' | 'value'>): string =>
  `${dimension} ${value === '' ? '(none)' : formatName(value)}`;

/** “91 % of the rise, 3 % of it before”. */
export function findingOf({ explains, share_before }: Difference, { is, of, slow_us, ...answer }: Differs): string {
  const slow = slow_us === null ? '' : formatDurationUs(slow_us);
  const whole = {
    sum: isRise(answer) ? 'the rise' : 'the fall',
    ratio: isRise(answer) ? 'the rise' : 'the fall',
    quantile: isRise(answer) ? `what became slower than ${slow}` : `what is no more slower than ${slow}`,
  }[is];
  const explained = explains > 1.005 ? `more than all of ${whole} (${shareWords(explains)})` : `${shareWords(explains)} of ${whole}`;
  return `${explained}, ${is === 'sum' ? `${shareWords(share_before)} of it before` : `with ${shareWords(share_before)} of ${of} before`}`;
}

/** Reasons why the answer is less certain. */
export function doubtsOf({ now, before }: Pick<Differs, 'now' | 'before'>): string[] {
  return Object.entries({ now, before }).flatMap(([when, { completeness, watched_s, from_ms, to_ms }]) => {
    const length_s = (to_ms - from_ms) / 1000;
    return [
      ...(completeness !== null && completeness < 1 ? [`Rows are missing of the time ${when === 'now' ? 'itself' : 'before'}.`] : []),
      ...(watched_s > 0 && watched_s < 0.9 * length_s
        ? [
            `Of the time ${when === 'now' ? 'itself' : 'before'} ${formatDurationUs(watched_s * 1e6)} of ${formatDurationUs(length_s * 1e6)} were watched: rates are of these.`,
          ]
        : []),
    ];
  });
}
