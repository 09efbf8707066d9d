// Any sequence of pushes, starts, ends and removals, against the rule that no row is lost without being counted.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Queued, SendQueue } from '../../../agent/uplink/send-queue.ts';

const BYTES_MAX = 1000;

const step = fc.oneof(
  fc.record({ do: fc.constant('push' as const), bytes: fc.integer({ min: 1, max: 600 }) }),
  fc.record({ do: fc.constant('ready' as const), bytes: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ do: fc.constantFrom('send' as const, 'fail' as const, 'settle' as const), bytes: fc.constant(0) }),
);

test('seen = settled + dropped + queued, the oldest go first, and nothing under way is dropped', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new SendQueue(BYTES_MAX);
      const inside: Queued[] = [];
      const counts = { seen: 0, settled: 0, dropped: 0 };
      const take = (batch: Queued) => inside.splice(inside.indexOf(batch), 1);
      for (const { do: what, bytes } of steps) {
        const flying = inside.find(({ in_flight }) => in_flight);
        if (what === 'push') {
          counts.seen++;
          const batch = {
            kind: 'sample' as const,
            sequence: counts.seen,
            rows: 1,
            payload: Buffer.alloc(bytes),
            ready: false,
            in_flight: false,
          };
          inside.push(batch);
          for (const dropped of queue.push(batch)) {
            expect(dropped.in_flight).toBe(false);
            expect(inside.find(({ in_flight }) => !in_flight)).toBe(dropped);
            take(dropped);
            counts.dropped++;
          }
          if (inside.some(({ in_flight }) => !in_flight)) expect(queue.bytes).toBeLessThanOrEqual(BYTES_MAX);
        } else if (what === 'ready') {
          const raw = inside.find(({ ready }) => !ready);
          if (raw) queue.ready(raw, Buffer.alloc(Math.min(bytes, raw.payload.length)));
        } else if (what === 'send') {
          const next = queue.next();
          expect(next).toBe(inside.find(({ ready, in_flight }) => ready && !in_flight));
          if (next) next.in_flight = true;
        } else if (flying && what === 'fail') {
          flying.in_flight = false;
        } else if (flying) {
          expect(queue.remove(flying)).toBe(true);
          take(flying);
          counts.settled++;
        }
        expect(queue.length).toBe(inside.length);
        expect(queue.bytes).toBe(inside.reduce((sum, { payload }) => sum + payload.length, 0));
        expect(counts.seen).toBe(counts.settled + counts.dropped + queue.length);
      }
    }),
  );
});

test('a batch that was dropped while it was compressed stays away', () => {
  const queue = new SendQueue(10);
  const raw = (sequence: number): Queued => ({
    kind: 'sample',
    sequence,
    rows: 1,
    payload: Buffer.alloc(8),
    ready: false,
    in_flight: false,
  });
  const [first, second] = [raw(1), raw(2)];
  queue.push(first);
  expect(queue.push(second)).toEqual([first]);
  expect(queue.ready(first, Buffer.alloc(1))).toBe(false);
  expect(queue.bytes).toBe(8);
});
