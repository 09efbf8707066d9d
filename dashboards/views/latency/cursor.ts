// The selected cell of the heatmap, by pointer and by keys. Pure.
import type { Grid, GridCell } from '../../latency-grid.ts';

/** The cell at a position, given as shares of the plot from left and top; undefined if nothing was measured there. */
export function cellAt({ time_s, cells, lowest, highest }: Grid, x: number, y: number): GridCell | undefined {
  const step = Math.floor(x * time_s.length);
  const bucket = highest - Math.floor(y * (highest - lowest + 1));
  return cells.find((cell) => cell.step === step && cell.bucket === bucket);
}

/** The cell to which a key moves. Left and right: the nearest cell of the next step with cells. Up and down: the next cell in the step. */
export function moved({ cells }: Grid, from: GridCell | undefined, key: string): GridCell | undefined {
  if (from === undefined) return cells.at(-1);
  const ahead = (of: (cell: GridCell) => number) => {
    const sign = key === 'ArrowRight' || key === 'ArrowUp' ? 1 : -1;
    return cells.map((cell) => ({ cell, far: (of(cell) - of(from)) * sign })).filter(({ far }) => far > 0);
  };
  const beside = key === 'ArrowLeft' || key === 'ArrowRight';
  const reached = beside ? ahead(({ step }) => step) : ahead(({ bucket }) => bucket).filter(({ cell }) => cell.step === from.step);
  const off = ({ cell, far }: (typeof reached)[number]) => [far, Math.abs(cell.bucket - from.bucket)] as const;
  const [nearest] = reached.toSorted((a, b) => off(a)[0] - off(b)[0] || off(a)[1] - off(b)[1]);
  return nearest?.cell ?? from;
}
