// The shipper against a real HTTP server: what arrives, what is tried again, and where every row ends up.
import { readdirSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { queuedRows } from '../../../agent/accounts/ledger.ts';
import type { Log } from '../../../agent/process/log.ts';
import { SLOTS } from '../../../agent/uplink/lanes.ts';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { type Collector, openCollector, type Reply } from '../collector.ts';
import { TornDisk } from '../durable/torn-disk.ts';
import { until } from '../until.ts';
import { batch, HOST_ID, type Shipping, type ShippingOptions, startShipping } from './shipping.ts';

/** A stop that is given more time than a test may take. */
const UNTIL_ALL_IS_SENT = 600_000;

/** What is to be seen is in which order things happen, not that it takes long. */
const SOON = { retry_ms_min: 30, live_ms_max: 700 };

let collector: Collector;
let shipping: Shipping | undefined;
afterEach(async () => {
  collector.close();
  await shipping?.shipper.finish(0);
  await shipping?.opened.close();
  shipping = undefined;
});

async function ship(options: Omit<ShippingOptions, 'collector'> = {}): Promise<Shipping> {
  shipping = await startShipping({ ...SOON, ...options, collector: collector.url });
  return shipping;
}

const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, index) => index + from);
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const sequencesOf = (found: Collector) => found.accepted().map(({ sequence }) => sequence);
const ascending = (numbers: number[]) => [...numbers].sort((one, other) => one - other);

function heard(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const hear = (...said: unknown[]) => void lines.push(said.map((each) => JSON.stringify(each)).join(' '));
  return { log: { debug: hear, info: hear, warn: hear, error: hear }, lines };
}

test('a batch arrives as the envelope says, and counts as sent', async () => {
  collector = await openCollector();
  const { take, shipper, ledger } = await ship();
  take(batch(7));
  await shipper.finish(UNTIL_ALL_IS_SENT);
  const [attempt] = collector.attempts;
  expect(attempt?.rows.equals(batch(7).bytes as Buffer)).toBe(true);
  expect(attempt?.headers).toMatchObject({
    'content-encoding': 'zstd',
    'content-type': 'application/octet-stream',
    'tcplens-schema': KINDS.retransmit.schema,
    'tcplens-host-id': HOST_ID,
    'tcplens-epoch': '00000000000000e1',
    'tcplens-sequence': '7',
  });
  expect(ledger.retransmit).toMatchObject({ drained: 10, sent: 10 });
  expect(queuedRows(ledger.retransmit)).toBe(0);
});

test.each([{ status: 503 }, { status: 500 }, { status: 408 }, { status: 429 }, { status: 0, called: 'a broken connection' }])(
  'after $status a batch is sent again, the same bytes under the same sequence',
  async ({ status }) => {
    collector = await openCollector((_, before) => ({ status: before === 0 ? status : 200 }));
    const { take, ledger } = await ship();
    take(batch(1));
    await until('sent', () => ledger.retransmit.sent === 10);
    const [first, second] = collector.attempts;
    expect(collector.attempts).toHaveLength(2);
    expect(second?.stored.equals(first?.stored ?? Buffer.alloc(0))).toBe(true);
    expect(second?.sequence).toBe(1);
  },
);

test.each([429, 503])('%d: Retry-After is waited for, and the sweeps hear of it', async (status) => {
  collector = await openCollector((_, before) => (before === 0 ? { status, headers: { 'retry-after': '1' } } : { status: 200 }));
  const answers: string[] = [];
  const { take, ledger } = await ship({ onAnswer: (answer) => answers.push(answer) });
  take(batch(1));
  await until('sent', () => ledger.retransmit.sent === 10);
  const [first, second] = collector.attempts;
  expect((second?.at_ms ?? 0) - (first?.at_ms ?? 0)).toBeGreaterThanOrEqual(990);
  expect(answers).toEqual(['busy', 'accepted']);
});

test.each([
  { status: 400, code: 'zstd_corrupt' },
  { status: 409, code: 'sequence_too_old' },
  { status: 413, code: 'too_large' },
  { status: 422, code: 'host_mismatch' },
])('$status $code is for good: kept as a dead letter, the next batch goes on', async (refusal) => {
  collector = await openCollector(({ sequence }) => (sequence === 1 ? refusal : { status: 200 }));
  const { take, shipper, ledger, directory = '' } = await ship();
  take(batch(1), batch(2));
  await shipper.finish(UNTIL_ALL_IS_SENT);
  expect(ledger.retransmit).toMatchObject({ drained: 20, sent: 10, rejected: 10 });
  expect(collector.attempts).toHaveLength(2);
  await until('the dead letter', () => readdirSync(directory).includes('dead-letters'));
});

test('an unknown layout is told, and the batch sent again', async () => {
  collector = await openCollector(() => (collector.layouts.length === 0 ? { status: 409, code: 'layout_unknown' } : { status: 200 }));
  const { take, ledger } = await ship();
  take(...upTo(5).map((sequence) => batch(sequence)));
  await until('sent', () => ledger.retransmit.sent === 50);
  expect(collector.layouts).toHaveLength(1);
  expect(collector.layouts[0]?.layouts.map(({ schema }) => schema)).toContain(KINDS.retransmit.schema);
});

test('a schema that the collector takes none of waits in the spool; the others go on, and the log has its words', async () => {
  const isRefused = ({ kind }: { kind: string }) => kind === 'retransmit';
  collector = await openCollector((attempt): Reply => (isRefused(attempt) ? { status: 409, code: 'kind_unknown' } : { status: 200 }));
  const { log, lines } = heard();
  const { take, ledger } = await ship({ log });
  take(batch(1), batch(2));
  await until('the refusal', () => collector.attempts.some(isRefused));
  const bytes = Buffer.alloc(KINDS.drop.size);
  take(...upTo(20).map((sequence) => ({ kind: 'drop' as const, sequence, rows: 1, bytes })));
  await until('the others', () => ledger.drop.sent === 20);
  expect(queuedRows(ledger.retransmit)).toBe(20);
  expect(collector.attempts.filter(isRefused).length).toBeLessThanOrEqual(2);
  expect(lines.join('\n')).toContain('kind_unknown: told to');
});

test('a collector that is away for a while gets every batch once it is back', async () => {
  let away = true;
  collector = await openCollector(() => ({ status: away ? 503 : 200 }));
  const { take, ledger } = await ship();
  take(...upTo(50).map((sequence) => batch(sequence)));
  await until('an attempt', () => collector.attempts.length > 0);
  away = false;
  await until('all sent', () => ledger.retransmit.sent === 500);
  expect(ascending(sequencesOf(collector))).toEqual(upTo(50));
});

test('after an outage what is cut now goes at once, while the rest is sent oldest first', async () => {
  let away = true;
  let answering = Promise.resolve();
  collector = await openCollector(() => ({ status: away ? 0 : 200, wait: answering }));
  const { take, shipper, ledger } = await ship();
  take(...upTo(300).map((sequence) => batch(sequence)));
  await until('all wait on disk', () => {
    shipper.tick();
    return collector.attempts.length > 0 && shipper.memory_bytes === 0;
  });
  away = false;
  await until('the backlog begins', () => ledger.retransmit.sent > 0);
  // From now on nothing is answered, so that what is under way stays under way: the new one comes all the same.
  const { promise, resolve } = Promise.withResolvers<void>();
  answering = promise;
  take(batch(1000));
  await until('the new one', () => collector.attempts.some(({ sequence }) => sequence === 1000));
  expect(ledger.retransmit.sent).toBeLessThan(3000);
  resolve();
  await until('all sent', () => ledger.retransmit.sent === 3010);
  // Those under way together may overtake each other: of all that are older than one that arrives, no more can be missing.
  const arrived = sequencesOf(collector).filter((sequence) => sequence <= 300);
  const missing = arrived.map((sequence, index) => sequence - 1 - arrived.slice(0, index).filter((other) => other < sequence).length);
  expect(Math.max(...missing)).toBeLessThan(SLOTS);
});

test('a collector that takes no more of what has waited is left alone with that only, and the sweeps hear nothing of it', async () => {
  let [away, full] = [true, true];
  const isLate = (sequence: number) => sequence <= 30;
  collector = await openCollector(({ sequence }): Reply => {
    if (away) return { status: 503 };
    return full && isLate(sequence) ? { status: 429, code: 'log_full_late', headers: { 'retry-after': inMs(150) } } : { status: 200 };
  });
  const answers: string[] = [];
  const { log, lines } = heard();
  const { take, shipper, ledger } = await ship({ log, onAnswer: (answer) => answers.push(answer) });
  take(...upTo(30).map((sequence) => batch(sequence)));
  await until('all wait on disk', () => {
    shipper.tick();
    return collector.attempts.length > 0 && shipper.memory_bytes === 0;
  });
  away = false;
  const lateAttempts = () => collector.attempts.filter(({ sequence }) => isLate(sequence)).length;
  const before = lateAttempts();
  await until('a refusal', () => lateAttempts() > before);
  for (let sequence = 100; sequence < 130; sequence++) {
    take(batch(sequence));
    await until('the live one', () => sequencesOf(collector).includes(sequence));
  }
  await until('the live ones are booked', () => ledger.retransmit.sent === 300);
  // The first may have been several; then one asks at a time, and a live one never waits for it.
  await until('it is asked again', () => lateAttempts() > before + 6);
  full = false;
  await until('all sent', () => ledger.retransmit.sent === 600);
  expect(ascending(sequencesOf(collector))).toEqual([...upTo(30), ...upTo(129, 100)]);
  expect(new Set(answers)).toEqual(new Set(['accepted']));
  expect(lines.join('\n')).toContain('does not take rows that have waited');
});

test('a batch that the collector fails at for ever does not keep the others', async () => {
  let away = true;
  collector = await openCollector(({ sequence }) => ({ status: away ? 503 : sequence === 1 ? 500 : 200 }));
  const { take, shipper, ledger } = await ship();
  take(...upTo(30).map((sequence) => batch(sequence)));
  await until('all wait on disk', () => {
    shipper.tick();
    return collector.attempts.length > 0 && shipper.memory_bytes === 0;
  });
  away = false;
  await until('all others', () => ledger.retransmit.sent === 290);
  expect(queuedRows(ledger.retransmit)).toBe(10);
});

test('while the collector fails, one batch at a time asks for it', async () => {
  collector = await openCollector(() => ({ status: 503, headers: { 'retry-after': inMs(60) } }));
  const { take } = await ship();
  take(...upTo(20).map((sequence) => batch(sequence)));
  await until('many attempts', () => collector.attempts.length >= 12);
  const at_once = collector.most_at_once;
  collector.most_at_once = 0;
  await until('a few more', () => collector.attempts.length >= 20);
  expect(at_once).toBeLessThanOrEqual(6);
  expect(collector.most_at_once).toBe(1);
});

test('batches go in parallel, and one is never under way twice', async () => {
  const release = Promise.withResolvers<void>();
  collector = await openCollector(() => ({ status: 200, wait: release.promise }));
  const { take, ledger } = await ship();
  take(...upTo(10).map((sequence) => batch(sequence)));
  await until('as many as may be', () => collector.most_at_once === 6);
  release.resolve();
  await until('all sent', () => ledger.retransmit.sent === 100);
  expect(collector.most_at_once).toBe(6);
  expect(ascending(collector.attempts.map(({ sequence }) => sequence))).toEqual(upTo(10));
});

test('without a spool: full memory drops the oldest, a stop what is left, and every row is in one place', async () => {
  collector = await openCollector(() => ({ status: 503 }));
  const { take, shipper, ledger, opened } = await ship({ directory: 'none', memory_bytes: 4096 });
  take(...upTo(200).map((sequence) => batch(sequence)));
  await until('none tries to leave at once any more', () => {
    shipper.tick();
    return collector.attempts.length > 0 && shipper.memory_bytes === opened.spool.bytes.memory;
  });
  // On a slow machine some have gone before; whatever is above the limit goes with the next batch.
  take(batch(201));
  await until('no more in memory than may be', () => opened.spool.bytes.memory <= 4096);
  expect(ledger.retransmit.memory_dropped).toBeGreaterThan(0);
  await shipper.finish(50);
  await opened.spool.giveUpMemory();
  expect(ledger.retransmit).toMatchObject({ drained: 2010, sent: 0, memory_dropped: 2010 });
});

test('with a spool a stop leaves what was not sent to the next run, which sends it under its own epoch', async () => {
  collector = await openCollector(() => ({ status: 503 }));
  const first = await ship();
  first.take(...upTo(30).map((sequence) => batch(sequence)));
  await first.shipper.finish(50);
  await first.opened.close();
  collector.close();
  collector = await openCollector();
  const { shipper, accounting, take } = await ship({ epoch: '00000000000000e2', directory: first.directory ?? '' });
  take(batch(1));
  await shipper.finish(UNTIL_ALL_IS_SENT);
  expect(accounting.total('00000000000000e1', 'retransmit', 'sent')).toBe(300);
  expect(accounting.total('00000000000000e1', 'retransmit', 'seen')).toBe(300);
  expect(accounting.total('00000000000000e2', 'retransmit', 'sent')).toBe(10);
  const names = new Set(collector.accepted().map(({ headers, sequence }) => `${headers['tcplens-epoch']} ${sequence}`));
  expect(names.size).toBe(31);
});

test('what is in memory and under way at a stop goes to a disk that is free again: it may have arrived or not', async () => {
  const never = Promise.withResolvers<void>();
  collector = await openCollector(() => ({ status: 200, wait: never.promise }));
  const disk = new TornDisk('/');
  const first = await ship({ disk });
  disk.fault = 'full';
  first.take(batch(1), batch(2));
  await until('both under way', () => collector.attempts.length === 2);
  expect(first.opened.spool.bytes.memory).toBeGreaterThan(0);
  disk.fault = 'none';
  await first.shipper.finish(50);
  await first.opened.close();
  expect(first.ledger.retransmit).toMatchObject({ drained: 20, sent: 0, memory_dropped: 0 });
  never.resolve();
  collector.close();
  collector = await openCollector();
  const { shipper, accounting } = await ship({ epoch: '00000000000000e2', directory: first.directory ?? '' });
  await shipper.finish(UNTIL_ALL_IS_SENT);
  expect(accounting.total('00000000000000e1', 'retransmit', 'sent')).toBe(20);
  expect(ascending(collector.attempts.map(({ sequence }) => sequence))).toEqual([1, 2]);
});
