// The last rows of a kind are kept, in their order, whatever came before.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowRing } from '../../../agent/black-box/row-ring.ts';
import { tries } from '../../support/tries.ts';

test('the last rows, as many as fit, oldest first', () => {
  const made = fc.record({
    rows_max: fc.integer({ min: 1, max: 20 }),
    rows: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 70 }),
  });
  fc.assert(
    fc.property(made, ({ rows_max, rows }) => {
      const ring = new RowRing(rows_max * 3, 3);
      for (const row of rows) ring.add(Uint8Array.of(row, row, row));
      const kept = [...ring.rows()].filter((_, at) => at % 3 === 0);
      expect(kept).toEqual(rows.slice(-rows_max));
      expect(ring.rows().length).toBe(kept.length * 3);
    }),
    tries(200),
  );
});

test('memory for less than a row holds one', () => {
  expect(new RowRing(0, 8).rows_max).toBe(1);
});
