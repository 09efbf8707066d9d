// What is too much for a host.
import { expect, test } from 'vitest';
import { type Figures, harmOf, type Limits } from '../../../agent/investigations/safety.ts';

const LIMITS: Limits = { window_ms: 5000, cpu_share: 0.5, memory_bytes: 100 * 1024 * 1024, lost_share: 0.05, lost_min: 100 };
const BEFORE: Figures = { at_ms: 1000, cpu_ms: 300, memory_bytes: 0, ring_lost: 1000, written: 10_000 };
/** 5 s later. */
const after = (changes: Partial<Figures>): Figures => ({ ...BEFORE, at_ms: 6000, ...changes });

test.each<[string, Partial<Figures>, RegExp | undefined]>([
  ['half of a processor, and no more', { cpu_ms: 2800 }, undefined],
  ['more than half of a processor', { cpu_ms: 3300 }, /used 60 % of a processor, and may use 50 %/],
  ['as much memory as there may be', { memory_bytes: LIMITS.memory_bytes }, undefined],
  ['more memory', { memory_bytes: 2 * LIMITS.memory_bytes }, /used 200 MiB of memory, and may use 100 MiB/],
  ['few lost rows, though they are all', { ring_lost: 1099 }, undefined],
  ['many lost rows among many more', { ring_lost: 1100, written: 20_000 }, undefined],
  ['many lost rows', { ring_lost: 1600, written: 10_400 }, /600 of 1000 rows found no room/],
])('%s', (_, changes, wanted) => {
  const found = harmOf(BEFORE, after(changes), LIMITS);
  expect(found).toEqual(wanted && expect.stringMatching(wanted));
});
