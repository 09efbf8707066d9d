// How long the page waits, and when it asks again: by a clock that the test moves.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createApiClient } from '../../dashboards/api-client.ts';
import { ANSWER_MS_MAX } from '../../dashboards/in-time.ts';
import { createPeopleClient } from '../../dashboards/people-client.ts';
import { startPolling } from '../../dashboards/poll.ts';

const hidden = { hidden: false, addEventListener: () => undefined };
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', hidden);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Answers nothing until it is given up, as the browser's own does. */
const hung: typeof fetch = (_url, options) =>
  new Promise((_resolve, reject) => options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)));

test.each([
  ['figures', () => createApiClient(hung).overview({}, new AbortController().signal)],
  ['who is in', () => createPeopleClient(hung).me()],
])('a collector that accepts and says nothing is given up, and the reason says what to do: %s', async (_name, ask) => {
  const asked = ask();
  const refused = expect(asked).rejects.toMatchObject({ code: 'timeout', message: expect.stringMatching(/within 30 s.*A shorter range/) });
  await vi.advanceTimersByTimeAsync(ANSWER_MS_MAX);
  await refused;
});

test('who leaves is no timeout, and leaves no timer behind', async () => {
  const leaving = new AbortController();
  const refused = expect(createApiClient(hung).overview({}, leaving.signal)).rejects.toMatchObject({ name: 'AbortError' });
  leaving.abort();
  await refused;
  expect(vi.getTimerCount()).toBe(0);
});

test('another period asks no sooner than it says, and does not give up what is under way', async () => {
  const began: number[] = [];
  let end: () => void = () => undefined;
  const polling = startPolling(
    () =>
      new Promise((resolve) => {
        began.push(Date.now());
        end = resolve;
      }),
    Number.POSITIVE_INFINITY,
  );
  const start_ms = Date.now();
  polling.every(2000);
  await vi.advanceTimersByTimeAsync(500);
  end();
  await vi.advanceTimersByTimeAsync(1999);
  expect(began).toEqual([start_ms]);
  await vi.advanceTimersByTimeAsync(1);
  expect(began).toEqual([start_ms, start_ms + 2500]);
  end();
  await vi.advanceTimersByTimeAsync(100);
  polling.every(Number.POSITIVE_INFINITY);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(began).toHaveLength(2);
  polling.stop();
});

test('asked at once, it gives up the run under way and starts another', async () => {
  const signals: AbortSignal[] = [];
  const polling = startPolling(async (signal) => {
    signals.push(signal);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }, 1000);
  polling.now();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(signals).toHaveLength(2);
  polling.stop();
  expect(signals[1]?.aborted).toBe(true);
});
