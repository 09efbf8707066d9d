import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Grid } from '../../dashboards/latency-grid.ts';
import { boxBetween, boxOf, countIn, grown } from '../../dashboards/views/latency/box.ts';

const STEP_S = 5;
const START_S = 1_700_000_000;
const grids = fc
  .record({ steps: fc.integer({ min: 1, max: 40 }), lowest: fc.integer({ min: -160, max: 0 }), rows: fc.integer({ min: 1, max: 60 }) })
  .chain(({ steps, lowest, rows }) => {
    const cell = fc.record({
      step: fc.integer({ min: 0, max: steps - 1 }),
      bucket: fc.integer({ min: lowest, max: lowest + rows - 1 }),
      count: fc.integer({ min: 1, max: 1000 }),
    });
    const cells = fc.uniqueArray(cell, { selector: ({ step, bucket }) => `${step} ${bucket}`, maxLength: 50 });
    return cells.map(
      (all): Grid => ({
        time_s: Array.from({ length: steps }, (_, step) => START_S + step * STEP_S),
        step_s: STEP_S,
        cells: all,
        lowest,
        highest: lowest + rows - 1,
        most: 1000,
        p50_us: [],
        p99_us: [],
      }),
    );
  });
const share = fc.double({ min: -0.2, max: 1.2, noNaN: true });
const point = fc.record({ x: share, y: share });

/** What lies between both points, by the pixels of a cell: the time goes to the right, durations go up. */
const isBetween = (grid: Grid, at: { step: number; bucket: number }, a: { x: number; y: number }, b: { x: number; y: number }) => {
  const clamp = (value: number) => Math.min(Math.max(value, 0), 1 - 1e-9);
  const [left, right] = [Math.min(clamp(a.x), clamp(b.x)), Math.max(clamp(a.x), clamp(b.x))].map((x) => x * grid.time_s.length);
  const rows = grid.highest - grid.lowest + 1;
  const [top, bottom] = [Math.min(clamp(a.y), clamp(b.y)), Math.max(clamp(a.y), clamp(b.y))].map((y) => y * rows);
  const row = grid.highest - at.bucket;
  return at.step + 1 > (left ?? 0) && at.step <= (right ?? 0) && row + 1 > (top ?? 0) && row <= (bottom ?? 0);
};

test('a box has the cells that lie between two points, wherever these are', () => {
  fc.assert(
    fc.property(grids, point, point, (grid, a, b) => {
      const between = grid.cells.filter((cell) => isBetween(grid, cell, a, b)).reduce((sum, { count }) => sum + count, 0);
      expect(countIn(grid, boxBetween(grid, a, b))).toBe(between);
    }),
  );
});

test('grown to all sides as far as it goes, a box has the whole grid', () => {
  fc.assert(
    fc.property(grids, fc.nat(), (grid, which) => {
      const [first] = grid.cells.slice(which % Math.max(1, grid.cells.length));
      fc.pre(first !== undefined);
      let box = boxOf(grid, first);
      expect(countIn(grid, box)).toBe(first.count);
      for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'])
        for (let times = 0; times < 61; times++) {
          const before = countIn(grid, box);
          box = grown(grid, box, key);
          expect(countIn(grid, box)).toBeGreaterThanOrEqual(before);
        }
      expect(box).toEqual({
        from_ms: START_S * 1000,
        to_ms: (START_S + grid.time_s.length * STEP_S) * 1000,
        lowest: grid.lowest,
        highest: grid.highest,
      });
    }),
  );
});
