// `tcplens watch --filter` over a recording, so it runs anywhere; test/kernel/filter.test.ts has the kernel's side.
import process from 'node:process';
import { expect, test } from 'vitest';
import { runCommand } from '../../support/run-command.ts';
import { writeRecording } from '../recorded.ts';

const COPIES = 10;
const file = writeRecording(COPIES);
const watch = (...args: string[]) => runCommand(process.execPath, ['cli.ts', 'watch', '--replay', file, '--speed', '0', ...args]);
const parse = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('rows that a filter wants say which, and the account has what each filter did', () => {
  const filters = ['class in (rto, fast) and peer = 10.0.0.2', 'peer_port = 443 and kind in (retransmit, state_change)', 'srtt > 2ms'];
  const { code, stdout, stderr } = watch('--format', 'ndjson', ...filters.flatMap((filter) => ['--filter', filter]));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = parse(stdout);
  const seen = lines.slice(0, -1).map(({ kind, filters }) => `${kind} ${filters}`);
  expect(Object.fromEntries(seen.map((each) => [each, seen.filter((other) => other === each).length]))).toEqual({
    'retransmit 3': COPIES,
    'state_change 2': COPIES,
  });
  const evaluated = expect.any(Number);
  const account = (filter: string | undefined, matched: number) => ({
    filter,
    evaluated,
    matched,
    passed: matched,
    over_budget: 0,
    expired: false,
  });
  expect(lines.at(-1)).toMatchObject({
    kind: 'accounting',
    kinds: { retransmit: { seen: COPIES, printed: COPIES }, connection: { seen: 0, printed: 0 } },
    filters: [account(filters[0], COPIES), account(filters[1], 2 * COPIES), account(filters[2], 0)],
  });
});

test('the kinds asked for are part of the filter', () => {
  const { stdout } = watch('state_change', '--format', 'ndjson', '--filter', 'peer_port = 443');
  const lines = parse(stdout);
  expect(lines.slice(0, -1).map(({ kind }) => kind)).toEqual(Array(COPIES).fill('state_change'));
});

test('as text, a line a filter before the last', () => {
  const { stdout } = watch('retransmit', '--filter', 'peer_port = 443', '--limit', '3');
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(1 + 3 + 2);
  expect(lines.at(-2)).toBe(`filter peer_port = 443: ${COPIES} evaluated, ${COPIES} matched, ${COPIES} passed, 0 over budget`);
  expect(lines.at(-1)).toMatch(/^retransmit: 10 seen, 3 printed, 0 lost \(/);
});

test.each([
  {
    args: ['--filter', 'prot = 3'],
    error: /--filter.*is invalid\. column 1 of the filter: "prot" is no field: did you mean port\?\n {2}prot = 3\n {2}\^\^\^\^/,
  },
  {
    args: ['drop', '--filter', 'class = rto'],
    error: /no row can match: this is only true of kind retransmit, and the rest asks for kind drop/,
  },
  { args: ['--filter', 'netns = web'], error: /no network namespace "web" is known here/ },
  { args: ['--filter', 'pid = 1', '--filter-budget', '5'], error: /--filter-budget.*"5" is no budget: write rows a second/ },
  {
    args: Array.from({ length: 9 }, (_, index) => ['--filter', `pid = ${index + 1}`]).flat(),
    error: /9 filters are too many: at most 8 run at a time/,
  },
])('wrong usage is exit 2 and says what is right: $args', ({ args, error }) => {
  const { code, stdout, stderr } = watch(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(error);
});
