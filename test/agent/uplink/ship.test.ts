// The shipper against a real HTTP server: what arrives, what is tried again, and where every row ends up.
import { afterEach, expect, test } from 'vitest';
import { emptyLedger, type Ledger, queuedRows } from '../../../agent/account.ts';
import { createLog } from '../../../agent/log.ts';
import type { Batch } from '../../../agent/uplink/batch.ts';
import { Shipper } from '../../../agent/uplink/ship.ts';
import { KINDS } from '../../../bpf/rows.gen.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { type Collector, openCollector } from '../collector.ts';
import { until } from '../until.ts';

let collector: Collector;
afterEach(() => collector.close());

function batch(sequence: number, rows = 10): Batch {
  const bytes = Buffer.concat(
    Array.from({ length: rows }, (_, row) => rowBytes('retransmit', { segments: sequence * 1000 + row, seq: row })),
  );
  return { kind: 'retransmit', sequence, rows, bytes };
}

type Shipping = { ship: Pick<Shipper, 'finish' | 'queued_bytes'> & { take(batch: Batch): void }; ledger: Ledger };

function shipper(queue_bytes = 64 * 1024 * 1024): Shipping {
  const ledger = emptyLedger();
  const log = createLog('silent');
  const shipped = new Shipper({ collector: collector.url, host_id: 0xabcn, epoch: '00000000000000e1', queue_bytes, ledger, log });
  const take = (given: Batch): void => {
    ledger[given.kind].drained += given.rows;
    void shipped.take(given);
  };
  return {
    ship: {
      take,
      finish: (ms) => shipped.finish(ms),
      get queued_bytes() {
        return shipped.queued_bytes;
      },
    },
    ledger,
  };
}

test('a batch arrives as the envelope says, and counts as sent', async () => {
  collector = await openCollector();
  const { ship, ledger } = shipper();
  ship.take(batch(7));
  await ship.finish(10_000);
  const [attempt] = collector.attempts;
  expect(attempt?.rows.equals(batch(7).bytes as Buffer)).toBe(true);
  expect(attempt?.headers).toMatchObject({
    'content-encoding': 'zstd',
    'content-type': 'application/octet-stream',
    'tcplens-schema': KINDS.retransmit.schema,
    'tcplens-host-id': '0000000000000abc',
    'tcplens-epoch': '00000000000000e1',
    'tcplens-sequence': '7',
  });
  expect(ledger.retransmit).toEqual({ drained: 10, sent: 10, queue_dropped: 0, rejected: 0 });
});

test.each([{ status: 503 }, { status: 500 }, { status: 408 }, { status: 429 }, { status: 0, called: 'a broken connection' }])(
  'after $status a batch is sent again, the same bytes under the same sequence',
  async ({ status }) => {
    collector = await openCollector((_, before) => ({ status: before === 0 ? status : 200 }));
    const { ship, ledger } = shipper();
    ship.take(batch(1));
    await until('sent', () => ledger.retransmit.sent === 10);
    const [first, second] = collector.attempts;
    expect(collector.attempts).toHaveLength(2);
    expect(second?.stored.equals(first?.stored ?? Buffer.alloc(0))).toBe(true);
    expect(second?.sequence).toBe(1);
    await ship.finish(1000);
  },
);

test('Retry-After is waited for', async () => {
  collector = await openCollector((_, before) => (before === 0 ? { status: 429, headers: { 'retry-after': '2' } } : { status: 200 }));
  const { ship, ledger } = shipper();
  ship.take(batch(1));
  await until('sent', () => ledger.retransmit.sent === 10);
  const [first, second] = collector.attempts;
  expect((second?.at_ms ?? 0) - (first?.at_ms ?? 0)).toBeGreaterThanOrEqual(1990);
  await ship.finish(1000);
});

test.each([400, 401, 404, 413, 422])('%d is for good: counted as rejected, the next batch goes on', async (status) => {
  collector = await openCollector(({ sequence }) => ({ status: sequence === 1 ? status : 200 }));
  const { ship, ledger } = shipper();
  ship.take(batch(1));
  ship.take(batch(2));
  await ship.finish(10_000);
  expect(ledger.retransmit).toEqual({ drained: 20, sent: 10, queue_dropped: 0, rejected: 10 });
  expect(collector.attempts).toHaveLength(2);
});

test('a collector that is away for a while gets every batch once it is back', async () => {
  let away = true;
  collector = await openCollector(() => ({ status: away ? 503 : 200 }));
  const { ship, ledger } = shipper();
  for (let sequence = 1; sequence <= 50; sequence++) ship.take(batch(sequence));
  await until('an attempt', () => collector.attempts.length > 0);
  away = false;
  await until('all sent', () => ledger.retransmit.sent === 500);
  expect(
    collector
      .accepted()
      .map(({ sequence }) => sequence)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  await ship.finish(1000);
});

test('while the collector fails, one batch at a time asks for it', async () => {
  collector = await openCollector(() => ({ status: 503, headers: { 'retry-after': '0' } }));
  const { ship } = shipper();
  for (let sequence = 1; sequence <= 20; sequence++) ship.take(batch(sequence));
  await until('a few attempts', () => collector.attempts.length >= 12);
  // Four may be under way when the first fails; after that each waits for the one before.
  const times = collector.attempts.slice(4).map(({ sequence }) => sequence);
  expect(new Set(times).size).toBe(1);
  await ship.finish(0);
});

test('batches go in parallel, and one is never under way twice', async () => {
  const release = Promise.withResolvers<void>();
  collector = await openCollector(() => ({ status: 200, wait: release.promise }));
  const { ship, ledger } = shipper();
  for (let sequence = 1; sequence <= 10; sequence++) ship.take(batch(sequence));
  await until('four at once', () => collector.most_at_once === 4);
  release.resolve();
  await until('all sent', () => ledger.retransmit.sent === 100);
  expect(collector.most_at_once).toBe(4);
  expect(collector.attempts.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await ship.finish(1000);
});

test('a full queue drops the oldest that is not under way, and every row is in one place', async () => {
  const release = Promise.withResolvers<void>();
  collector = await openCollector(() => ({ status: 200, wait: release.promise }));
  const size = batch(1).bytes.length;
  const { ship, ledger } = shipper(size * 5);
  for (let sequence = 1; sequence <= 4; sequence++) ship.take(batch(sequence));
  await until('four under way', () => collector.attempts.length === 4);
  for (let sequence = 5; sequence <= 40; sequence++) ship.take(batch(sequence));
  expect(ship.queued_bytes).toBeLessThanOrEqual(size * 5);
  const { drained, sent, queue_dropped } = ledger.retransmit;
  expect(drained).toBe(400);
  expect(queue_dropped).toBeGreaterThan(0);
  expect(queuedRows(ledger.retransmit)).toBe(drained - sent - queue_dropped);
  release.resolve();
  await ship.finish(10_000);
  const accepted = collector.accepted().map(({ sequence }) => sequence);
  expect(accepted).toEqual(expect.arrayContaining([1, 2, 3, 4, 40]));
  expect(ledger.retransmit.sent).toBe(accepted.length * 10);
  expect(ledger.retransmit.sent + ledger.retransmit.queue_dropped).toBe(400);
});

test('what a stop leaves behind is counted as dropped', async () => {
  collector = await openCollector(() => ({ status: 503 }));
  const { ship, ledger } = shipper();
  ship.take(batch(1));
  await ship.finish(50);
  expect(ledger.retransmit).toEqual({ drained: 10, sent: 0, queue_dropped: 10, rejected: 0 });
});
