// Finds moments in what is in the order of time.

/** The place of the first one at `at_ns` or later; if `past`, later. As many as there are where none is. */
export function placeFrom(items: readonly { at_ns: number }[], at_ns: number, past = false): number {
  let low = 0;
  for (let high = items.length; low < high; ) {
    const middle = (low + high) >> 1;
    const time = items[middle]?.at_ns ?? Infinity;
    if (time < at_ns || (past && time === at_ns)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first one at `at_ns` or later; if `past`, later. */
export function firstFrom<Item extends { at_ns: number }>(items: readonly Item[], at_ns: number, past = false): Item | undefined {
  return items[placeFrom(items, at_ns, past)];
}
