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
