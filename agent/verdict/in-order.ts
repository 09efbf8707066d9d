// Binary searches in lists that are in the order of time.

/** Index of the first item for which `is_past` is true, as it must be for all later items. The list's length where there is none. */
export function placeWhere<Item>(items: readonly Item[], is_past: (item: Item) => boolean): number {
  let low = 0;
  for (let high = items.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (is_past(items[middle] as Item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Index of the first item at `at_ns` or later; if `past`, of the first one later. */
export function placeFrom(items: readonly { at_ns: number }[], at_ns: number, past = false): number {
  return placeWhere(items, (item) => item.at_ns > at_ns || (!past && item.at_ns === at_ns));
}

/** The first one at `at_ns` or later. */
export function firstFrom<Item extends { at_ns: number }>(items: readonly Item[], at_ns: number): Item | undefined {
  return items[placeFrom(items, at_ns)];
}
