import { expect, test } from 'vitest';
import { createKeymap } from '../../dashboards/keymap.ts';

/** Feeds `keys` (key, or key@ms) through a map of `p`, `n` and `g n`; returns the actions that ran. */
function press(keys: readonly string[], modifiers: { ctrlKey?: boolean; inText?: boolean } = {}): string[] {
  const ran: string[] = [];
  const feed = createKeymap(Object.fromEntries(['p', 'g n'].map((name) => [name, () => void ran.push(name)])));
  for (const [at, text] of keys.entries()) {
    const [key = '', at_ms = String(at)] = text.split('@');
    feed({ key, at_ms: Number(at_ms), ctrlKey: false, metaKey: false, altKey: false, inText: false, ...modifiers });
  }
  return ran;
}

const cases: readonly (readonly [string, string[], Parameters<typeof press>[1], string[]])[] = [
  ['one key', ['p'], {}, ['p']],
  ['a prefix and a key', ['g', 'n'], {}, ['g n']],
  ['a key alone that needs its prefix', ['n'], {}, []],
  ['a prefix forgotten', ['g@0', 'n@2000'], {}, []],
  ['a prefix, something else, the key', ['g', 'x', 'n'], {}, []],
  ['a prefix twice', ['g', 'g', 'n'], {}, ['g n']],
  ['text being typed', ['p', 'g', 'n'], { inText: true }, []],
  ['the browser’s own shortcuts', ['p'], { ctrlKey: true }, []],
];
test.each(cases)('%s', (_name, keys, modifiers, expected) => {
  expect(press(keys, modifiers)).toEqual(expected);
});
