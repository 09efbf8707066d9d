// Stacks are counted by what happened and by which way; rows made by hand.
import { expect, test } from 'vitest';
import { stacksOf } from '../../../agent/verdict/stacks.ts';
import type { Rows } from '../../../bpf/rows/rows.gen.ts';
import { rowOf } from './rows.ts';

const DROP = { about: 'drop', about_meaning: 'lost', about_reason: 'netfilter_drop', about_reason_code: 8 } as const;
const stack = (of: Partial<Rows['stack']>, way: string, host_id = 0xa1n) => rowOf('stack', { host_id, stack: way, ...of });

test('each way to each event is told once, with how often it was gone, the most frequent first', () => {
  const told = stacksOf([
    stack({ about: 'reset', about_direction: 'sent' }, 'd'),
    stack(DROP, 'a b'),
    stack(DROP, 'a b'),
    stack({ ...DROP, about_meaning: 'answered', about_reason: '', about_reason_code: 2 }, 'a b'),
    stack(DROP, 'a c'),
    stack({ about: 'retransmit', about_class: 'rto', about_outcome: 'sent' }, ''),
    stack(DROP, 'a b', 0xb2n),
    stack({ about: 'packet', about_direction: 'sent' }, 'e'),
    stack({ about: 'sample' }, 'f'),
  ]);
  expect(told[0]).toEqual({
    host_id: 0xa1n,
    about: 'drop',
    what: 'lost netfilter_drop',
    functions: ['a', 'b'],
    user_functions: [],
    rows: 2,
  });
  expect(told.slice(1).map(({ host_id, about, what, functions, rows }) => [host_id, about, what, functions.join(' '), rows])).toEqual([
    [0xa1n, 'reset', 'sent', 'd', 1],
    [0xa1n, 'drop', 'answered reason 2', 'a b', 1],
    [0xa1n, 'drop', 'lost netfilter_drop', 'a c', 1],
    [0xa1n, 'retransmit', 'rto sent', '', 1],
    [0xb2n, 'drop', 'lost netfilter_drop', 'a b', 1],
    [0xa1n, 'packet', 'sent a zero window', 'e', 1],
  ]);
});

test('the ways of a process to one event are told apart, each with its functions', () => {
  const told = stacksOf([
    stack(DROP, 'a b'),
    stack({ ...DROP, user_stack: 'send main' }, 'a b'),
    stack({ ...DROP, user_stack: 'send main' }, 'a b'),
    stack({ ...DROP, user_stack: 'main' }, 'a b send'),
  ]);
  expect(told.map(({ functions, user_functions, rows }) => [functions.join(' '), user_functions.join(' '), rows])).toEqual([
    ['a b', 'send main', 2],
    ['a b', '', 1],
    ['a b send', 'main', 1],
  ]);
});

test('without stacks there is nothing to tell', () => {
  expect(stacksOf([])).toEqual([]);
});
