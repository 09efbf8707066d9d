// The loop on a clock that the test turns: how often it looks, and what makes it look.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Drain } from '../../../agent/loop/drain.ts';
import { type PumpOptions, pump } from '../../../agent/loop/pump.ts';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { type FakeSource, fakeSource } from '../fake-source.ts';

const ROW = new Uint8Array(KINDS.connection.size);

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** A pump over a source that can tell of a row, or cannot. */
function pumping(tells: boolean, options: Partial<PumpOptions> = {}, onRows: () => void = () => {}) {
  const source: FakeSource & { tell?: () => void } = fakeSource();
  let sweeps = 0;
  let rounds = 0;
  const taken_at: number[] = [];
  source.sweep = () => {
    sweeps++;
  };
  if (tells)
    source.onceRows = (callback) => {
      source.tell = callback;
    };
  const stop = new AbortController();
  const drain = new Drain(source, () => {
    taken_at.push(performance.now() - began);
    onRows();
  });
  const began = performance.now();
  const ended = pump({ source, drain, interval_ms: 10_000, stop: stop.signal, onRound: () => rounds++, ...options });
  return { source, stop, ended, taken_at, sweeps: () => sweeps, rounds: () => rounds };
}

async function end({ stop, ended }: ReturnType<typeof pumping>): Promise<void> {
  stop.abort();
  await ended;
}

test('a source that cannot tell of rows is asked every 50 ms', async () => {
  const running = pumping(false);
  await vi.advanceTimersByTimeAsync(9_990);
  expect(running.rounds()).toBe(200);
  await end(running);
});

test('one that can is left alone while nothing happens', async () => {
  const running = pumping(true);
  await vi.advanceTimersByTimeAsync(9_990);
  expect(running.rounds()).toBeLessThan(15);
  expect(running.sweeps()).toBe(1);
  await vi.advanceTimersByTimeAsync(20);
  expect(running.sweeps()).toBe(2);
  await end(running);
});

test('a row ends the quiet: it and what follows are taken within 50 ms', async () => {
  const running = pumping(true);
  await vi.advanceTimersByTimeAsync(5_020);
  running.source.write('connection', ROW);
  running.source.tell?.();
  await vi.advanceTimersByTimeAsync(40);
  running.source.write('connection', ROW);
  await vi.advanceTimersByTimeAsync(10);
  expect(running.taken_at).toEqual([5_070, 5_070]);
  // While rows come it does not wait to be told.
  running.source.write('connection', ROW);
  await vi.advanceTimersByTimeAsync(50);
  expect(running.taken_at).toHaveLength(3);
  await end(running);
});

test('a row that nobody tells of is a second old at most', async () => {
  const running = pumping(true);
  await vi.advanceTimersByTimeAsync(5_020);
  running.source.write('connection', ROW);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(running.taken_at).toHaveLength(1);
  await end(running);
});

test('what is drained is looked at again once it is old enough to be sent', async () => {
  const running = pumping(true);
  running.source.write('connection', ROW);
  await vi.advanceTimersByTimeAsync(0);
  const rounds = running.rounds();
  await vi.advanceTimersByTimeAsync(300);
  expect(running.rounds()).toBeGreaterThan(rounds + 1);
  await end(running);
});

test('it ends at once when a row says so, and takes what is left', async () => {
  const stop = new AbortController();
  const running = pumping(true, { stop: stop.signal }, () => stop.abort());
  await vi.advanceTimersByTimeAsync(500);
  running.source.write('connection', ROW);
  running.source.write('connection', ROW);
  running.source.tell?.();
  await vi.advanceTimersByTimeAsync(50);
  await running.ended;
  expect(running.taken_at).toHaveLength(2);
});

test('a stop ends a quiet time', async () => {
  const running = pumping(true);
  await vi.advanceTimersByTimeAsync(3_000);
  await end(running);
});

test('a stop takes what came meanwhile and nobody told of', async () => {
  const running = pumping(true);
  await vi.advanceTimersByTimeAsync(3_000);
  running.source.write('connection', ROW);
  await end(running);
  expect(running.taken_at).toHaveLength(1);
});
