// How many queries run and wait at once.
import { expect, test } from 'vitest';
import { QueryLimit } from '../../server/query/limit.ts';

/** Queries that end when they are told to. */
function queries(limit: QueryLimit) {
  const ends: (() => void)[] = [];
  let running = 0;
  const run = () =>
    limit.run(async () => {
      running++;
      await new Promise<void>((end) => ends.push(end));
      running--;
    });
  return { run, ends, running: () => running };
}

test('as many run as may, as many wait as may, and each that waits runs in the end', async () => {
  const { run, ends, running } = queries(new QueryLimit(2, 2));
  const all = [run(), run(), run(), run()];
  expect(running()).toBe(2);
  await expect(run()).rejects.toMatchObject({ code: 'too_many_queries' });
  for (let ended = 0; ended < all.length; ended++) {
    await expect.poll(() => ends.length).toBeGreaterThan(ended);
    expect(running()).toBeLessThanOrEqual(2);
    ends[ended]?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(all);
  expect(running()).toBe(0);
});

test('whoever leaves while he waits is not asked for any more, and the next one is', async () => {
  const limit = new QueryLimit(1, 2);
  const [first, left] = [Promise.withResolvers<void>(), new AbortController()];
  const ran: string[] = [];
  const running = limit.run(() => first.promise);
  const gone = limit.run(async () => void ran.push('gone'), left.signal);
  const next = limit.run(async () => void ran.push('next'));
  left.abort();
  await expect(gone).rejects.toMatchObject({ code: 'client_gone' });
  first.resolve();
  await Promise.all([running, next]);
  expect(ran).toEqual(['next']);
});

test('one that fails gives its place back', async () => {
  const limit = new QueryLimit(1, 0);
  await expect(limit.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(limit.run(async () => 'yes')).resolves.toBe('yes');
});
