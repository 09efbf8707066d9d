import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH_BYTES_MAX } from '../../../agent/contract/batch-envelope.ts';
import { BATCH_AGE_MS_MAX, type Batch, Batcher } from '../../../agent/uplink/batch.ts';
import { KIND, KINDS } from '../../../bpf/rows/rows.gen.ts';
import { tries } from '../../support/tries.ts';

test('whatever comes in goes out: whole rows, in order, one kind a batch, sequences without a gap', () => {
  const add = fc.record({
    kind: fc.constantFrom(...KIND),
    rows: fc.integer({ min: 1, max: 9000 }),
    wait_ms: fc.integer({ min: 0, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(add, { maxLength: 12 }), (adds) => {
      const batcher = new Batcher();
      const out: Batch[] = [];
      let now = 0;
      let fill = 0;
      const taken = Object.fromEntries(KIND.map((kind) => [kind, [] as Buffer[]]));
      for (const { kind, rows, wait_ms } of adds) {
        fill++;
        const bytes = Buffer.alloc(rows * KINDS[kind].size, fill);
        taken[kind]?.push(Buffer.from(bytes));
        out.push(...batcher.add(kind, bytes, now));
        bytes.fill(0); // the caller's buffer is reused
        now += wait_ms;
        out.push(...batcher.due(now));
      }
      out.push(...batcher.due(Number.POSITIVE_INFINITY));
      for (const kind of KIND) {
        const sequences = out.flatMap((batch) => (batch.kind === kind ? batch.sequence : []));
        expect(sequences).toEqual(sequences.map((_, index) => index + 1));
      }
      for (const { kind, rows, bytes } of out) {
        expect(bytes.length).toBe(rows * KINDS[kind].size);
        expect(bytes.length).toBeLessThanOrEqual(BATCH_BYTES_MAX);
      }
      for (const kind of KIND) {
        const sent = Buffer.concat(out.filter((batch) => batch.kind === kind).map(({ bytes }) => bytes));
        expect(sent.equals(Buffer.concat(taken[kind] ?? []))).toBe(true);
      }
    }),
    tries(30),
  );
});

test('a batch leaves when its first row is old enough, not before', () => {
  const batcher = new Batcher();
  batcher.add('sample', Buffer.alloc(KINDS.sample.size), 1000);
  batcher.add('sample', Buffer.alloc(KINDS.sample.size), 1200);
  expect(batcher.due(1000 + BATCH_AGE_MS_MAX - 1)).toEqual([]);
  expect(batcher.due(1000 + BATCH_AGE_MS_MAX)).toMatchObject([{ kind: 'sample', rows: 2, sequence: 1 }]);
  expect(batcher.due(Number.POSITIVE_INFINITY)).toEqual([]);
});

test('a batch given back is the memory of a later one, and nothing of it is left there', () => {
  const batcher = new Batcher();
  const { size } = KINDS.retransmit;
  const filled = (byte: number, rows: number) => {
    batcher.add('retransmit', Buffer.alloc(rows * size, byte), 0);
    const [batch] = batcher.due(Number.POSITIVE_INFINITY);
    if (batch === undefined) throw new Error('no batch');
    return batch;
  };
  const first = filled(1, 5);
  const second = filled(2, 3);
  batcher.reuse(first);
  const third = filled(3, 2);
  expect(third.bytes.buffer).toBe(first.bytes.buffer);
  expect(Buffer.from(third.bytes).equals(Buffer.alloc(2 * size, 3))).toBe(true);
  expect(Buffer.from(second.bytes).equals(Buffer.alloc(3 * size, 2))).toBe(true);
});
