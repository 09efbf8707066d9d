// What an agent understands of a collector's word on investigations: that of another version too.
import { expect, test } from 'vitest';
import { messageIn } from '../../../agent/uplink/control-message.ts';

const ONE = {
  id: '00000000000000aa',
  expression: 'port = 443',
  detail: 'stacks',
  user_stacks: true,
  rows_per_s: 10,
  rows_max: 0,
  ends_in_ms: 1000,
};
const said = (one: object) => messageIn(JSON.stringify({ type: 'investigations', wanted: [one] }));

test('an investigation is understood as it was said', () => {
  expect(said(ONE)).toEqual({ type: 'investigations', wanted: [ONE] });
});

test('a collector that does not know of stacks of processes wants none', () => {
  const { user_stacks: _, ...older } = ONE;
  expect(said(older)).toEqual({ type: 'investigations', wanted: [{ ...ONE, user_stacks: false }] });
});

test.each([{ user_stacks: 'true' }, { user_stacks: 1 }, { user_stacks: null }, { detail: 'toString' }, { id: 'aa' }, { rows_per_s: 0 }])(
  '%j makes it no message',
  (change) => {
    expect(said({ ...ONE, ...change })).toBeUndefined();
  },
);
