import { expect, test } from 'vitest';
import { REMEMBERED_MAX, rememberedFilters, rememberFilter } from '../../dashboards/filter-history.ts';

/** What a browser keeps. */
function storage(text?: string) {
  const kept = new Map(text === undefined ? [] : [['tcplens-filters', text]]);
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
}

test('the newest first, each once, and no more than twenty', () => {
  const kept = storage();
  for (let pid = 1; pid <= REMEMBERED_MAX + 5; pid++) rememberFilter(kept, `pid = ${pid}`);
  rememberFilter(kept, 'pid = 20');
  rememberFilter(kept, '');
  const all = rememberedFilters(kept);
  expect(all.slice(0, 3)).toEqual(['pid = 20', 'pid = 25', 'pid = 24']);
  expect(all).toHaveLength(REMEMBERED_MAX);
  expect(new Set(all).size).toBe(REMEMBERED_MAX);
});

test.each(['{', '"pid = 1"', 'null', '{"0":"pid = 1"}'])('what is there from elsewhere is nothing: %s', (text) => {
  expect(rememberedFilters(storage(text))).toEqual([]);
  const kept = storage(text);
  rememberFilter(kept, 'pid = 1');
  expect(rememberedFilters(kept)).toEqual(['pid = 1']);
});

test('of a list, what is text', () => expect(rememberedFilters(storage('["a = 1", 2, null, "b = 1"]'))).toEqual(['a = 1', 'b = 1']));

test('a browser that keeps nothing is no trouble', () => {
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error('QuotaExceededError');
    },
  };
  expect(() => rememberFilter(full, 'pid = 1')).not.toThrow();
});
