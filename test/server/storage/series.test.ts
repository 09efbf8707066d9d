// Figures that are made of sums, without an engine.
import { expect, test } from 'vitest';
import { dataRetrans, retransmitRatio } from '../../../server/storage/queries/series.ts';
import { checkWritten } from '../../../server/storage/segment-insert.ts';

test.each([
  [0, 10, 0],
  [3, 10, 0.3],
  // Samples of what was sent come later than the rows of what was sent again.
  [20, 10, 1],
  [1, 0, null],
  [0, 0, null],
])('%i segments sent again of %i are a ratio of %s', (data_retrans, data_segs_out, ratio) => {
  expect(retransmitRatio(data_retrans, data_segs_out)).toBe(ratio);
});

test('a handshake carries no data', () => {
  const segments: Record<string, number> = { retrans_fast: 1, retrans_rto: 2, retrans_syn: 10, retrans_syn_ack: 100 };
  expect(dataRetrans((figure) => segments[figure] ?? 0)).toBe(3);
});

test('rows that the engine did not take are not stored', () => {
  const segment = { kind: 'retransmit', path: '/segment', rows: 10, token: 'retransmit/1', batches: [] } as const;
  expect(() => checkWritten(segment, 10)).not.toThrow();
  expect(() => checkWritten(segment, 9)).toThrow(expect.objectContaining({ code: 'store_rows_missing' }));
});
