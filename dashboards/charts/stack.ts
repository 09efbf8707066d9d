// Columns for stacked areas, the lowest layer first. Each column holds the upper edge of its layer.

export type Column = readonly (number | null)[];

/** Adds each column onto those before it. A step where no column has a figure stays a gap. */
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
 * Steps drawn from their starts leave the last one without a width: it is told once more, at its end, s. Nothing of it lies beyond `to_s`.
 * @param columns one value a step
 */
export function withLastEnd(time_s: readonly number[], columns: readonly Column[], step_s: number, to_s: number): [number[], ...Column[]] {
  const last_s = time_s.at(-1);
  if (last_s === undefined) return [[], ...columns];
  return [[...time_s, Math.max(last_s, Math.min(last_s + step_s, to_s))], ...columns.map((column) => [...column, column.at(-1) ?? null])];
}
