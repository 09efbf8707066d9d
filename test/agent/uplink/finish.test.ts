// How long the end of a shipper may take, by a clock that the test moves.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Collector, openCollector } from '../collector.ts';
import { until } from '../until.ts';
import { batch, type Shipping, startShipping } from './shipping.ts';

const MS_MAX = 5000;

let collector: Collector;
let shipping: Shipping;
let answers: PromiseWithResolvers<void>[];
beforeEach(async () => {
  answers = [1, 2].map(() => Promise.withResolvers<void>());
  collector = await openCollector(({ sequence }) => ({ status: 200, wait: answers[sequence - 1]?.promise ?? Promise.resolve() }));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  shipping = await startShipping({ collector: collector.url });
});
afterEach(async () => {
  vi.useRealTimers();
  await shipping.opened.close();
  collector.close();
});

/** An end while two batches are under way, and nothing is answered; in a list, so that it is not waited for here. */
async function ending(isPatient: boolean): Promise<Promise<void>[]> {
  const { take, shipper } = shipping;
  take(batch(1), batch(2));
  const finished = shipper.finish(MS_MAX, () => isPatient);
  await until('both under way', () => collector.attempts.length === 2);
  return [finished];
}

test.each([
  { it: 'an agent that is to stop does not', isPatient: false, sent: 10 },
  { it: 'one whom nobody waits for does', isPatient: true, sent: 20 },
])('a collector takes batches, each within the time and all beyond it: $it wait', async ({ isPatient, sent }) => {
  const finishing = await ending(isPatient);
  await vi.advanceTimersByTimeAsync(MS_MAX - 1000);
  answers[0]?.resolve();
  await until('the first', () => shipping.ledger.retransmit.sent === 10);
  await vi.advanceTimersByTimeAsync(MS_MAX - 1000);
  answers[1]?.resolve();
  await Promise.all(finishing);
  expect(shipping.ledger.retransmit.sent).toBe(sent);
});

test('a collector that takes nothing is not waited for any longer, however patient the agent is', async () => {
  const finishing = await ending(true);
  await vi.advanceTimersByTimeAsync(MS_MAX);
  await Promise.all(finishing);
  expect(shipping.ledger.retransmit).toMatchObject({ drained: 20, sent: 0 });
});
