// How much of a change a value of a dimension explains. Pure.
//
// Of each value two sums are known in both times: `part`, what is counted, and `whole`, what that is of. The metric is part / whole: of what
// adds up the whole is the time, of a ratio its denominator.
//
//   explains = (what the value adds to the metric now − what it added before) / the metric's change
//   excess   = explains − share_before
//
// `explains` of all values of a dimension add up to 1, so it can be read as "91 % of the rise". Alone it ranks the largest values first, whatever
// happened: what has half of all traffic explains half of a rise that all have alike. `share_before` is what a value would explain then, so the
// excess is 0 for each of them, and 0 for a dimension with a single value. Of what adds up, the excess is the shift of the value's share
// times now / change; so values are ranked alike in all dimensions. It is the difference of explanatory power and prior share; a logarithmic
// measure of surprise would rank a value that went from 1 to 5 of 1000 before one that went from 10 % to 50 %.
//
// A ratio is one of sums, so averages of the values' ratios appear nowhere. A value adds (part − was · its own whole) / whole, where `was` is the
// ratio of all before: what it has beyond that. So both count, that its own ratio has risen and that more of the traffic is its own while its ratio
// is worse than the others'; and a value that dilutes the ratio explains its fall. Its share is that of the whole: those with a tenth of the
// segments explain a tenth of losses that hit every segment alike.

/** In one of the two times. */
export type Sums = { part: number; whole: number };
export type Totals = { now: Sums; before: Sums };

/** Factors of part now, part before, whole now and whole before. */
export type Weights = readonly [number, number, number, number];
export type Judgement = { explains: Weights; expected: Weights };

/** What explains less beyond its share is one of many. */
export const EXCESS_LEAST = 0.1;
/** Below this share of the larger one a change is none. */
const CHANGE_LEAST = 0.05;

/** The change of the metric; undefined where there is nothing to compare with, or hardly any change. */
export function changeOf({ now, before }: Totals): { was: number; change: number } | undefined {
  if (!(now.whole > 0 && before.whole > 0)) return undefined;
  const [is, was] = [now.part / now.whole, before.part / before.whole];
  const change = is - was;
  return Math.abs(change) <= CHANGE_LEAST * Math.max(Math.abs(is), Math.abs(was)) ? undefined : { was, change };
}

/** What makes `explains` and `share_before` of a value's sums. */
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
