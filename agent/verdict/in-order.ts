// Finds moments in what is in the order of time.

/** The place of the first one for which this is so; of all after it, too. As many as there are where none is. */
export function placeWhere<Item>(items: readonly Item[], is_past: (item: Item) => boolean): number {
  let low = 0;
  for (let high = items.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (is_past(items[middle] as Item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The place of the first one at `at_ns` or later; if `past`, later. */
export function placeFrom(items: readonly { at_ns: number }[], at_ns: number, past = false): number {
  return placeWhere(items, (item) => item.at_ns > at_ns || (!past && item.at_ns === at_ns));
}

/** The first one at `at_ns` or later. */
export function firstFrom<Item extends { at_ns: number }>(items: readonly Item[], at_ns: number): Item | undefined {
  return items[placeFrom(items, at_ns)];
}
