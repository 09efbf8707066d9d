// Turns the sums of both times into the answer: the metric in both times, and for each value how much of the change it explains. Pure.
import type { Difference, Differs, Period } from '../../../api/differs.ts';
import type { Dimension } from '../dimensions.ts';
import type { Measure } from './measure.ts';
import type { Told } from './reading.ts';
import type { FoundValue, Summed } from './statement.ts';
import { changeOf, EXCESS_LEAST, type Judgement, type Totals, weighed } from './weights.ts';

export type Judged = { measure: Measure; judgement: Judgement; totals: Totals };

/** For metrics that add up, `whole` is the time in which an agent reported, or the length of the range where that is not known. */
export function totalsOf(sums: Summed, { is }: Measure, now: Told, before: Told): Totals {
  const secondsOf = ({ watched_s, from_ms, to_ms }: Told) => (watched_s > 0 ? watched_s : (to_ms - from_ms) / 1000);
  return {
    now: { part: sums.part_now, whole: is === 'sum' ? secondsOf(now) : sums.whole_now },
    before: { part: sums.part_before, whole: is === 'sum' ? secondsOf(before) : sums.whole_before },
  };
}

const metricOver = ({ is }: Measure, part: number, whole: number, value: number | null): number | null =>
  is === 'sum' ? part / whole : value;
const difference = (now: number | null, before: number | null) => (now === null || before === null ? null : now - before);
const shareOf = (part: number, all: number) => (all > 0 ? part / all : 0);

export function periodOf(told: Told, { part, whole }: Totals['now'], measure: Measure, value: number | null): Period {
  return { ...told, value: metricOver(measure, part, whole, value), samples: measure.is === 'sum' ? part : whole };
}

export function differenceOf(
  dimension: { name: string; is: Dimension },
  found: FoundValue,
  { measure, judgement, totals }: Judged,
): Difference {
  const isSum = measure.is === 'sum';
  const own: Totals = {
    now: { part: found.part_now, whole: found.whole_now },
    before: { part: found.part_before, whole: found.whole_before },
  };
  const [now, before] = [
    metricOver(measure, found.part_now, totals.now.whole, found.value_now),
    metricOver(measure, found.part_before, totals.before.whole, found.value_before),
  ];
  const shareIn = (when: 'now' | 'before') => {
    const of = isSum ? 'part' : 'whole';
    return shareOf(own[when][of], totals[when][of]);
  };
  const explains = weighed(judgement.explains, own);
  return {
    dimension: dimension.name,
    field: dimension.name.startsWith('label.') ? dimension.name : dimension.is.field,
    value: dimension.is.plain?.(found.value) ?? found.value,
    now,
    before,
    change: difference(now, before),
    explains,
    share_now: shareIn('now'),
    share_before: shareIn('before'),
    excess: explains - weighed(judgement.expected, own),
    few: found.few,
  };
}

/** The first `top` values of all dimensions. Of equal ones, that of the earlier dimension comes first. */
export function rankedOf(differences: readonly Difference[], top: number): Difference[] {
  return differences
    .filter(({ excess }) => excess >= EXCESS_LEAST)
    .toSorted((a, b) => Number(a.few) - Number(b.few) || b.excess - a.excess)
    .slice(0, top);
}

/** @param wasWatched whether an agent is known to have reported in the earlier time */
export function stateOf(totals: Totals, { is, least }: Measure, wasWatched: boolean, differences: readonly Difference[]): Differs['state'] {
  const { now, before } = totals;
  if (is === 'sum' ? before.part === 0 && !wasWatched : before.whole === 0) return 'nothing_before';
  if (is !== 'sum' && now.whole === 0) return 'nothing_now';
  const counted = is === 'sum' ? Math.max(now.part, before.part) : Math.min(now.whole, before.whole);
  if (counted < least) return 'few';
  if (changeOf(totals) === undefined) return 'steady';
  return differences.some(({ few }) => !few) ? 'found' : 'alike';
}
