// A stack's addresses become names: what each place holds is written by hand.
import { describe, expect, test } from 'vitest';
import { nameStacks } from '../../../agent/host/stack-names.ts';
import { HEAD_AT, KIND, KINDS, type Rows, STACK_AT } from '../../../bpf/rows/rows.gen.ts';

const { size, columns, read } = KINDS.stack;
const AT = columns.find(({ name }) => name === 'stack')?.offset ?? 0;
const ROOM = 256;
const LONGEST = 'x'.repeat(32);
const NAMES = [
  'bpf_prog_of_ours',
  'bpf_trace_run4',
  '__traceiter_kfree_skb',
  'kfree_skb',
  'nf_hook_slow',
  'ip_local_deliver',
  'bpf_trace_run_is_no_number',
  '',
  LONGEST,
  'asm_sysvec_apic_timer_interrupt',
  'asm_common_interrupt',
  'el0t_64_irq',
  'el1h_64_irq',
];

/** As /proc/kallsyms tells them: padded with zeros. */
const symbols = { nameOf: (address: bigint) => Buffer.from((NAMES[Number(address) - 1] ?? '').padEnd(32, '\0'), 'latin1') };

const NOBODY = { namesOf: () => [] };

function rowsOf(...stacks: string[][]): Uint8Array {
  const rows = new Uint8Array(stacks.length * size);
  const view = new DataView(rows.buffer);
  for (const [index, names] of stacks.entries()) {
    rows[index * size + 80] = KIND.indexOf('stack');
    for (const [frame, name] of names.entries()) view.setBigUint64(index * size + AT + frame * 8, BigInt(NAMES.indexOf(name) + 1), true);
  }
  return rows;
}

const named = (...stacks: string[][]) => {
  const rows = rowsOf(...stacks);
  nameStacks(rows, symbols, NOBODY);
  const view = new DataView(rows.buffer);
  return stacks.map((_, index) => (read(view, index * size) as { stack: string }).stack);
};

test.for<[what: string, addresses: string[], expected: string]>([
  ['functions stand in their order', ['kfree_skb', 'nf_hook_slow', 'ip_local_deliver'], 'kfree_skb nf_hook_slow ip_local_deliver'],
  ['the program that looked is not among them', ['bpf_prog_of_ours', 'bpf_trace_run4', 'kfree_skb'], 'kfree_skb'],
  ['nor is what called it', ['bpf_prog_of_ours', 'bpf_trace_run4', '__traceiter_kfree_skb', 'kfree_skb'], 'kfree_skb'],
  [
    'what interrupted another program shows that one',
    ['bpf_trace_run4', 'kfree_skb', 'bpf_trace_run4', 'ip_local_deliver'],
    'kfree_skb bpf_trace_run4 ip_local_deliver',
  ],
  ['a function with a similar name is', ['bpf_trace_run_is_no_number', 'kfree_skb'], 'bpf_trace_run_is_no_number kfree_skb'],
  ['a function without a name is left out', ['kfree_skb', '', 'ip_local_deliver'], 'kfree_skb ip_local_deliver'],
  ['no address, no name', [], ''],
  ['names that do not fit are left out', Array(24).fill(LONGEST), Array(7).fill(LONGEST).join(' ')],
])('%s', ([, addresses, expected]) => {
  expect(named(addresses)).toEqual([expected]);
  expect(expected.length).toBeLessThanOrEqual(ROOM);
});

test('each of several rows has its own', () => {
  expect(named(['kfree_skb'], [], ['nf_hook_slow', 'kfree_skb'])).toEqual(['kfree_skb', '', 'nf_hook_slow kfree_skb']);
});

describe('the stack of a process', () => {
  type Asked = [pid: number, time_ms: number, addresses: readonly bigint[]];
  /** A row with addresses of both stacks; what was asked of the process, and what the row says of it then. */
  function userNamed(kernel: string[], user: bigint[], names: string[]): { asked: Asked[]; user_stack: string; about_reason: string } {
    const rows = rowsOf(kernel);
    const view = new DataView(rows.buffer);
    view.setUint32(HEAD_AT.pid, 42, true);
    view.setBigInt64(HEAD_AT.time_ns, 1_700_000_000_123_456_789n, true);
    for (const [frame, address] of user.entries()) view.setBigUint64(STACK_AT.user_stack + frame * 8, address, true);
    rows.set(Buffer.from('reason'), STACK_AT.about_reason);
    const asked: Asked[] = [];
    const processes = {
      namesOf: (...each: Asked) => {
        asked.push(each);
        return names;
      },
    };
    nameStacks(rows, symbols, processes);
    const { user_stack, about_reason } = KINDS.stack.read(view, 0) as Rows['stack'];
    return { asked, user_stack, about_reason };
  }

  test('has the names that its process tells, in their order, and nothing beside it changes', () => {
    const named = userNamed(['kfree_skb'], [7n, 8n], ['send', 'main']);
    expect(named).toEqual({ asked: [[42, 1_700_000_000_123, [7n, 8n]]], user_stack: 'send main', about_reason: 'reason' });
  });

  test('has as many names as there is room for', () => {
    const { user_stack, about_reason } = userNamed(['kfree_skb'], [7n], Array(9).fill('y'.repeat(63)));
    expect([user_stack, about_reason]).toEqual([Array(4).fill('y'.repeat(63)).join(' '), 'reason']);
  });

  test('of one that has gone is empty: no addresses are left', () => {
    expect(userNamed(['kfree_skb'], [7n], []).user_stack).toBe('');
  });

  test('nobody is asked where there is none', () => {
    expect(userNamed(['kfree_skb'], [], ['send']).asked).toEqual([]);
  });

  test.each(['asm_sysvec_apic_timer_interrupt', 'asm_common_interrupt', 'el0t_64_irq', 'el1h_64_irq'])(
    'is empty where %s shows that an interrupt led to the event',
    (entry) => {
      expect(userNamed(['kfree_skb', entry], [7n], ['send'])).toMatchObject({ asked: [], user_stack: '' });
    },
  );
});
