// Batches of a segment as the journal has them in text.
import { expect, test } from 'vitest';
import { BatchSpans } from '../../../server/log/batch-spans.ts';

const SPAN = { host_id: '00000000000000aa', epoch: '00000000000000bb', sequence: 7, rows: 3, sent_rows: 4 };

test('text that ends within a batch has the ones before it, and takes more', () => {
  const whole = new BatchSpans();
  whole.push(SPAN);
  const bytes = Buffer.from(whole.toText(), 'base64');
  for (const more of [1, 5, 31]) {
    const spans = BatchSpans.fromText(Buffer.concat([bytes, Buffer.alloc(more, 1)]).toString('base64'));
    spans.push({ ...SPAN, sequence: 8 });
    expect(spans.list().map(({ sequence, rows }) => [sequence, rows])).toEqual([
      [7, 3],
      [8, 3],
    ]);
  }
});
