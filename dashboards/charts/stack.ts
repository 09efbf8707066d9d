// Columns for stacked areas, the lowest layer first. Each column holds the upper edge of its layer.

export type Column = readonly (number | null)[];

/** Adds up the columns: each result is the sum up to its column. A step without any figure stays a gap. */
export function stack(columns: readonly Column[], steps: number): (number | null)[][] {
  const below = new Array<number | null>(steps).fill(null);
  return columns.map((column) => {
    for (let at = 0; at < steps; at++) {
      const value = column[at] ?? null;
      if (value !== null) below[at] = (below[at] ?? 0) + value;
    }
    return [...below];
  });
}

/**
 * Steps are drawn from their start, so the last one would have no width. Its values are repeated at its end in s, or at `to_s` if that is
 * earlier.
 * @param columns one value for each step
 */
export function withLastEnd(time_s: readonly number[], columns: readonly Column[], step_s: number, to_s: number): [number[], ...Column[]] {
  const last_s = time_s.at(-1);
  if (last_s === undefined) return [[], ...columns];
  return [[...time_s, Math.max(last_s, Math.min(last_s + step_s, to_s))], ...columns.map((column) => [...column, column.at(-1) ?? null])];
}
