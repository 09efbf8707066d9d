// A stack's addresses become names: what each place holds is written by hand.
import { expect, test } from 'vitest';
import { nameStacks } from '../../../agent/host/stack-names.ts';
import { KIND, KINDS } from '../../../bpf/rows/rows.gen.ts';

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
];

/** As /proc/kallsyms tells them: padded with zeros. */
const symbols = { nameOf: (address: bigint) => Buffer.from((NAMES[Number(address) - 1] ?? '').padEnd(32, '\0'), 'latin1') };

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
  nameStacks(rows, symbols);
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
