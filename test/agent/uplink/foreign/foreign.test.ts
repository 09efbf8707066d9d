// Whatever stands between an agent and its collector and answers in its place: every row is stored, or kept, or lost by name, and none
// is two of them.
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { queuedRows } from '../../../../agent/accounts/ledger.ts';
import { OUTCOMES, type Outcome } from '../../../../agent/contract/outcome.ts';
import type { Batch } from '../../../../agent/uplink/batch.ts';
import { nowNs, rowsOf } from '../../../server/support/agent.ts';
import {
  countRows,
  startCollector,
  type TestCollector,
  type TestDirectory,
  testDirectory,
  withStore,
} from '../../../server/support/collector.ts';
import { until } from '../../until.ts';
import { HOST_ID, type Shipping, startShipping } from '../shipping.ts';
import { CASES, flood } from './cases.ts';
import { type Front, openFront } from './front.ts';

const UNTIL_ALL_IS_SENT = 600_000;
const BATCHES = 4;
const ROWS = 10;
const SEEN = BATCHES * ROWS;

let directory: TestDirectory;
let collector: TestCollector;
let front: Front;
let shipping: Shipping;
let runs = 0;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
  front = await openFront(collector.url);
});
afterEach(async () => {
  // What a test has left may not come through while its agent ends.
  front.foul = (socket) => void socket.destroy();
  front.cut();
  await shipping.shipper.finish(0);
  await shipping.opened.close();
  front.foul = undefined;
});
afterAll(async () => {
  front.close();
  await directory.remove();
});

const epochOf = (run: number) => run.toString(16).padStart(16, '0');

/** A run of its own, over what an earlier one has left in `directory`. */
async function ship(directory?: string): Promise<Shipping> {
  runs++;
  shipping = await startShipping({ collector: front.url, epoch: epochOf(runs), retry_ms_min: 30, ...(directory && { directory }) });
  return shipping;
}

/** The agent's next run behind an honest proxy sends what this one has kept. */
async function shipTheRest({ shipper, opened, directory, accounting }: Shipping): Promise<Shipping> {
  await shipper.finish(0);
  await opened.close();
  front.foul = undefined;
  front.cut();
  expect(accounting.total(epochOf(runs), 'retransmit', 'died')).toBe(0);
  return ship(directory);
}

function batches(): Batch[] {
  return Array.from({ length: BATCHES }, (_, index) => {
    const connection_id = runs * 1000 + index;
    const bytes = rowsOf('retransmit', ROWS, (row) => ({ host_id: BigInt(`0x${HOST_ID}`), time_ns: nowNs(), connection_id, seq: row }));
    return { kind: 'retransmit', sequence: index + 1, rows: ROWS, bytes };
  });
}

test.each(CASES)('$it: no row is given up or taken for stored', async ({ foul, acknowledged = 0 }) => {
  const first = await ship();
  const { take, ledger, opened } = first;
  front.foul = foul();
  const before = front.fouled;
  take(...batches());
  await until('it has answered', () => front.fouled > before);
  await until('what was acknowledged is booked', () => ledger.retransmit.sent >= acknowledged * ROWS);
  await until(
    'the others are kept',
    () => [...opened.spool.waiting()].reduce((sum, { rows }) => sum + rows, 0) === SEEN - acknowledged * ROWS,
  );
  const { drained: _, sent, ...lost } = ledger.retransmit;
  expect(sent).toBe(acknowledged * ROWS);
  expect(Object.values(lost)).toEqual(Object.values(lost).map(() => 0));
  expect(queuedRows(ledger.retransmit)).toBe(SEEN - sent);
  const { shipper, accounting } = await shipTheRest(first);
  const total = (outcome: Outcome) => accounting.total(epochOf(runs - 1), 'retransmit', outcome);
  await until('all is sent', () => {
    shipper.tick();
    return total('sent') === SEEN;
  });
  expect(OUTCOMES.filter((outcome) => total(outcome) > 0)).toEqual(['seen', 'sent']);
  expect(total('seen')).toBe(SEEN);
});

test('of an answer without an end the agent reads little', async () => {
  const { take } = await ship();
  const sockets: Socket[] = [];
  front.foul = (socket) => {
    sockets.push(socket);
    flood(socket, 'HTTP/1.1 200 OK\r\n\r\n', '{"rows":10,'.repeat(4096));
  };
  take(...batches());
  await until('the agent has hung up', () => sockets[0]?.destroyed === true);
  const [socket] = sockets;
  // What the kernel holds for both ends is some MiB.
  expect(socket?.bytesWritten).toBeLessThan(32 * 1024 * 1024);
});

test('a refusal that the collector gave to these very bytes is final', async () => {
  const { take, shipper, ledger } = await ship();
  const [batch] = batches();
  const bytes = rowsOf('retransmit', ROWS, () => ({ host_id: 1n }));
  take(
    { kind: 'retransmit', sequence: 1, rows: ROWS, bytes },
    { kind: 'retransmit', sequence: 2, rows: ROWS, bytes: batch?.bytes ?? bytes },
  );
  await shipper.finish(UNTIL_ALL_IS_SENT);
  expect(ledger.retransmit).toMatchObject({ drained: 2 * ROWS, sent: ROWS, rejected: ROWS });
});

test('in the end the store has every row once', async () => {
  await ship();
  await collector.stop();
  const [stored, distinct] = await withStore(directory.path, async (store) => [
    await countRows(store, 'retransmit'),
    (await store.query<{ n: number }>('SELECT uniqExact(connection_id, seq) AS n FROM retransmit FINAL', {}, 1))[0]?.n,
  ]);
  // Those of the last tests but one are counted where they are made.
  expect({ stored, distinct }).toEqual({ stored: CASES.length * SEEN + ROWS, distinct: CASES.length * SEEN + ROWS });
});
