// How long whoever guesses passwords has to wait.
import { expect, test } from 'vitest';
import { LoginDelays } from '../../../server/access/login-delays.ts';

/** Seconds to wait; 0: tried at once. */
function wait(delays: LoginDelays, name: string, address: string, now_ms: number): number {
  try {
    delays.begin(name, address, now_ms);
    return 0;
  } catch (error) {
    return (error as { retry_after_s: number }).retry_after_s;
  }
}

test('the time doubles with each failure of a name, whatever the address, up to a minute', () => {
  const delays = new LoginDelays();
  const waits: number[] = [];
  let now_ms = 0;
  for (let each = 0; each < 15; each++) {
    const s = wait(delays, 'ada', `10.0.0.${each}`, now_ms);
    waits.push(s);
    now_ms += s * 1000;
    if (s > 0) expect(wait(delays, 'ada', `10.0.0.${each}`, now_ms)).toBe(0);
  }
  expect(waits).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  expect(wait(delays, 'bob', '10.0.1.1', now_ms)).toBe(0);
  expect(wait(delays, 'ada', '10.0.1.2', now_ms + 3600_000)).toBe(0);
});

test.each([
  ['an address', '10.0.0.1', '10.0.0.1'],
  ['a network of IPv6', '2001:db8:1:2::1', '2001:db8:1:2:ffff:0:0:7'],
  ['the same written in full', '2001:db8::1', '2001:db8:0:0:1::'],
])('names of %s together wait', (_, first, second) => {
  const delays = new LoginDelays();
  for (let each = 0; each < 6; each++) expect(wait(delays, `name-${each}`, first, 0)).toBe(0);
  expect(wait(delays, 'another', second, 0)).toBe(1);
  expect(wait(delays, 'another', '2001:db8:1:3::1', 0)).toBe(0);
});

test('many at once are not all tried', () => {
  const delays = new LoginDelays();
  const tried = Array.from({ length: 100 }, (_, each) => wait(delays, 'ada', `10.0.0.${each}`, 0)).filter((s) => s === 0);
  expect(tried).toHaveLength(6);
});

test('who logs in clears the own name, and of the address this one attempt', () => {
  const delays = new LoginDelays();
  for (let each = 0; each < 50; each++) {
    expect(wait(delays, 'own', '10.0.0.1', 0)).toBe(0);
    delays.succeeded('own', '10.0.0.1', 0);
  }
  for (let each = 0; each < 6; each++) {
    expect(wait(delays, `victim-${each}`, '10.0.0.1', 0)).toBe(0);
  }
  expect(wait(delays, 'own', '10.0.0.1', 0)).toBe(1);
});
