// Which slots ask the kernel for which details: what it was told last of each.
import { expect, test } from 'vitest';
import type { Look } from '../../../agent/contract/detail.ts';
import { Slots } from '../../../agent/investigations/slots.ts';
import type { KernelFilters } from '../../../agent/kernel/controls.ts';

const BUDGET = { rows_per_s: 0, burst: 0 };
const PROGRAM = new Uint8Array();

function slotsOf() {
  const told: Record<string, number> = {};
  const unused = () => {
    throw new Error('nobody calls this here');
  };
  const filters: KernelFilters = {
    names: unused,
    set: () => undefined,
    clear: () => undefined,
    budgets: unused,
    exclusive: unused,
    scope: unused,
    detail: (kind, slots) => {
      told[kind] = slots;
    },
    userStacks: (slots) => {
      told['user'] = slots;
    },
    counters: unused,
  };
  const slots = new Slots(filters, () => undefined);
  const take = (detail: Look['detail'], user_stacks = false) => slots.take(PROGRAM, BUDGET, { detail, user_stacks }) ?? -1;
  return { told, take, free: (slot: number) => slots.free(slot) };
}

const bits = (...slots: number[]) => slots.reduce((all, slot) => all | (1 << slot), 0);

test('stacks of processes are asked for by those that want them, and by nobody once these have gone', () => {
  const { told, take, free } = slotsOf();
  const plain = take('stacks');
  expect(told).toEqual({ stack: bits(plain) });
  const [one, other] = [take('stacks', true), take('progress', true)];
  expect(told).toEqual({ stack: bits(plain, one, other), progress: bits(other), user: bits(one, other) });
  free(plain);
  expect(told).toEqual({ stack: bits(one, other), progress: bits(other), user: bits(one, other) });
  free(one);
  expect(told).toEqual({ stack: bits(other), progress: bits(other), user: bits(other) });
  free(other);
  expect(told).toEqual({ stack: 0, progress: 0, user: 0 });
});
