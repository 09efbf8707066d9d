// Figures that are made of sums, without an engine.
import { expect, test } from 'vitest';
import { retransmitRatio } from '../../../server/storage/queries/series.ts';
import { checkWritten } from '../../../server/storage/segment-insert.ts';

test.each([
  [0, 0, 10, 0],
  [3, 0, 10, 0.3],
  [3, 1, 10, 0.2],
  // Evidence may be of what was sent again before the range.
  [3, 4, 10, 0],
  [1, 0, 0, null],
])('%i segments sent again, %i of them without need, of %i are a ratio of %s', (retrans_data, spurious, data_segs_out, ratio) => {
  expect(retransmitRatio({ data_segs_out, retrans_data, spurious })).toBe(ratio);
});

test('rows that the engine did not take are not stored', () => {
  const segment = { kind: 'retransmit', path: '/segment', rows: 10, token: 'retransmit/1', batches: [] } as const;
  expect(() => checkWritten(segment, 10)).not.toThrow();
  expect(() => checkWritten(segment, 9)).toThrow(expect.objectContaining({ code: 'store_rows_missing' }));
});
