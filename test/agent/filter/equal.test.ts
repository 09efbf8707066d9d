// One meaning: whatever the tree and whatever the row, the tree and the kernel's program answer the same.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { FILTERED_KINDS, factLayout, KERNEL_FACTS, type KernelFact } from '../../../agent/contract/language/facts.ts';
import type { Range } from '../../../agent/contract/language/ranges.ts';
import { union } from '../../../agent/contract/language/ranges.ts';
import { type Kinds, possibleKinds } from '../../../agent/contract/language/tree.ts';
import type { KernelFilter as Filter } from '../../../agent/filter/parse.ts';
import { RecordedNames } from '../../../agent/filter/recorded.ts';
import { type Column, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { kernelFilter } from '../../support/kernel-filter.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { missingCommand } from '../../support/run-command.ts';
import { tries } from '../../support/tries.ts';
import { byKernel, byTree, type Row } from './evaluators.ts';

const directory = mkdtempSync(join(tmpdir(), 'tcplens-filter-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const REASONS = ['first', 'second', 'third'];
const span = { start: 0, end: 0 };

/** A few numbers a fact, so that rows and ranges meet: both ends of its domain, their neighbours, and the halves' borders. */
function numbers(fact: KernelFact): bigint[] {
  const [min, max] = factLayout(fact).domain;
  const border = 1n << 64n;
  const all = [0n, 1n, 2n, 3n, 5n, min, min + 1n, max - 1n, max, max / 2n, border - 1n, border, border + 1n];
  return [...new Set(all)].filter((value) => value >= 0n && value <= max + 1n);
}

const facts = Object.keys(KERNEL_FACTS) as KernelFact[];

const oneTest: fc.Arbitrary<Filter> = fc.constantFrom(...facts).chain((fact) => {
  const [min, max] = factLayout(fact).domain;
  const known = numbers(fact).filter((value) => value >= min && value <= max);
  const range = fc.tuple(fc.constantFrom(...known), fc.constantFrom(...known)).map(([a, b]): Range => (a < b ? [a, b] : [b, a]));
  return fc.array(range, { minLength: 0, maxLength: 3 }).map((ranges): Filter => ({ op: 'test', fact, ranges: union(ranges), span }));
});

const tree = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    oneTest,
    fc.record({
      op: fc.constantFrom('and', 'or'),
      terms: fc.array(tie('filter'), { minLength: 1, maxLength: 4 }),
      span: fc.constant(span),
    }),
    fc.record({ op: fc.constant('not'), term: tie('filter'), span: fc.constant(span) }),
  ),
})).filter;

/** What can match stacks alone the kernel is not asked. */
const isRefused = (kinds: Kinds) => kinds.size === 1 && kinds.has('stack');

/** A row whose facts are from the same few numbers; what is beyond a column's width is cut off. */
const row: fc.Arbitrary<Row> = fc.constantFrom(...FILTERED_KINDS).chain((kind: Kind) => {
  const columns: readonly Column[] = KINDS[kind].columns;
  const values = facts.flatMap((fact) => {
    const { column } = factLayout(fact);
    const found = columns.find(({ name }) => name === column);
    if (found === undefined || column === 'kind' || column === 'reason_code') return [];
    const isText = found.type === 'IPv6' || found.type.startsWith('FixedString');
    return [[column, fc.constantFrom(...numbers(fact)).map((value) => (isText ? reversed(value, found.size) : value))] as const];
  });
  const reason = columns.some(({ name }) => name === 'reason_code') ? fc.nat(REASONS.length) : fc.constant(undefined);
  return fc.tuple(fc.record(Object.fromEntries(values)), reason).map(([fields, code]): Row => {
    const named: RowValues = code === undefined ? {} : { reason_code: code, reason: REASONS[code - 1] ?? '' };
    return { kind, row: rowBytes(kind, { ...fields, ...named }) };
  });
});

/** rowBytes() writes numbers from their low byte on; texts begin with the high one. */
function reversed(value: bigint, size: number): bigint {
  return BigInt(
    `0x${Buffer.from(
      value
        .toString(16)
        .padStart(size * 2, '0')
        .slice(-size * 2),
      'hex',
    )
      .reverse()
      .toString('hex')}`,
  );
}

function steps(filter: Filter): number {
  if (filter.op === 'test') return filter.ranges.length;
  return filter.op === 'not' ? steps(filter.term) : filter.terms.reduce((sum, term) => sum + steps(term), 0);
}

test('random trees over random rows', (context) => {
  const missing = missingCommand(['gcc']);
  context.skip(missing !== undefined, `${missing} is not installed`);
  const kernel = kernelFilter(directory);
  const names = new RecordedNames();
  for (const reason of REASONS) names.reason('drop', reason);
  const counts = { matched: 0, asked: 0 };
  fc.assert(
    fc.property(tree, fc.array(row, { minLength: 1, maxLength: 40 }), (filter, rows) => {
      fc.pre(steps(filter) <= 64 && !isRefused(possibleKinds(filter)));
      const answers = byTree(filter, names, rows);
      expect(byKernel(kernel, filter, rows)).toEqual(answers);
      counts.asked += answers.length;
      counts.matched += answers.filter(Boolean).length;
    }),
    tries(500),
  );
  // Neither answer may be rare, or the equality would say little.
  expect(counts.matched / counts.asked).toBeGreaterThan(0.1);
  expect(counts.matched / counts.asked).toBeLessThan(0.9);
});
