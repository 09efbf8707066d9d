// Sets of numbers as ranges, with which a test of a filter compares a fact.

/** First and last number, both included. */
export type Range = readonly [from: bigint, to: bigint];

/** Ascending, neither overlapping nor adjacent. Empty: no number. */
export type Ranges = readonly Range[];

/** The union. */
export function union(ranges: readonly Range[]): Ranges {
  const joined: [bigint, bigint][] = [];
  for (const [from, to] of ranges.filter(([from, to]) => from <= to).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))) {
    const last = joined.at(-1);
    if (last === undefined || from > last[1] + 1n) joined.push([from, to]);
    else if (to > last[1]) last[1] = to;
  }
  return joined;
}

/** The complement within `domain`. */
export function complement(ranges: Ranges, [min, max]: Range): Ranges {
  const gaps: Range[] = [];
  let from = min;
  for (const [first, last] of ranges) {
    gaps.push([from, first - 1n]);
    from = last + 1n;
  }
  gaps.push([from, max]);
  return gaps.filter(([from, to]) => from <= to);
}

/** The numbers that are in both, within `domain`. */
export function intersection(one: Ranges, other: Ranges, domain: Range): Ranges {
  return complement(union([...complement(one, domain), ...complement(other, domain)]), domain);
}

export function includes(ranges: Ranges, value: bigint): boolean {
  return ranges.some(([from, to]) => from <= value && value <= to);
}
