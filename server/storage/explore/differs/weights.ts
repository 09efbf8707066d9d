// How much of a change of a metric a value of a dimension explains. Pure.
//
// For each value two sums are known in both times: `part`, what is counted, and `whole`, what it is compared with. The metric is part /
// whole. For metrics that add up, `whole` is the time; for a ratio it is the denominator.
//
//   explains = (what the value adds to the metric now − what it added before) / the metric's change
//   excess   = explains − share_before
//
// `explains` of all values of a dimension adds up to 1, so it can be read as "91 % of the rise". But it ranks large values first in any
// case: a value with half of all traffic explains half of a rise that hits all traffic alike. `share_before` is what a value would explain
// in that case, so its excess is then 0; it is also 0 for the only value of a dimension. For metrics that add up, the excess is the shift
// of the value's share times now / change, so the values of all dimensions can be ranked together. A logarithmic measure of surprise in
// place of this difference would rank a value that went from 1 to 5 of 1000 before one that went from 10 % to 50 %.
//
// A ratio is that of sums; ratios of values are never averaged. A value adds (part − was · its own whole) / whole, where `was` is the ratio
// of all values before. So a value explains a rise if its own ratio has risen, and also if it has a larger share of the traffic while its
// ratio is worse than the others'. A value that dilutes the ratio explains its fall. The share of a value is its share of `whole`: a value
// with a tenth of the segments explains a tenth of losses that hit all segments alike.

/** Sums of one of the two times. */
export type Sums = { part: number; whole: number };
export type Totals = { now: Sums; before: Sums };

/** Factors of part now, part before, whole now, whole before. */
export type Weights = readonly [number, number, number, number];
export type Judgement = { explains: Weights; expected: Weights };

/** A value with a smaller excess is not a finding. */
export const EXCESS_LEAST = 0.1;
/** A change by a smaller share of the larger value does not count as a change. */
const CHANGE_LEAST = 0.05;

/** The change of the metric; undefined where a time has nothing to compare, or there is hardly any change. */
export function changeOf({ now, before }: Totals): { was: number; change: number } | undefined {
  if (!(now.whole > 0 && before.whole > 0)) return undefined;
  const [is, was] = [now.part / now.whole, before.part / before.whole];
  const change = is - was;
  return Math.abs(change) <= CHANGE_LEAST * Math.max(Math.abs(is), Math.abs(was)) ? undefined : { was, change };
}

/** Weights that turn the sums of a value into `explains` and `share_before`. */
export function judgementOf(isSum: boolean, { now, before }: Totals): Judgement | undefined {
  const moved = changeOf({ now, before });
  if (moved === undefined) return undefined;
  const [adds, added] = [1 / (now.whole * moved.change), -1 / (before.whole * moved.change)];
  if (isSum) return { explains: [adds, added, 0, 0], expected: [0, before.part > 0 ? 1 / before.part : 0, 0, 0] };
  const { was } = moved;
  return { explains: [adds, added, -was * adds, -was * added], expected: [0, 0, 0, 1 / before.whole] };
}

export const weighed = (weights: Weights, { now, before }: Totals): number =>
  weights[0] * now.part + weights[1] * before.part + weights[2] * now.whole + weights[3] * before.whole;

export const excessOf = ({ explains, expected }: Judgement): Weights =>
  explains.map((weight, at) => weight - (expected[at] ?? 0)) as unknown as Weights;
