// The mirror of a filter, by what evaluating it means: at the other end of a connection it answers what the filter answers here.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FILTERED_KINDS, factLayout, type KernelFact } from '../../../../agent/contract/language/facts.ts';
import { isSame, mirrored } from '../../../../agent/contract/language/mirror.ts';
import { type Range, union } from '../../../../agent/contract/language/ranges.ts';
import { evaluate, type Filter } from '../../../../agent/contract/language/tree.ts';
import { ANY_NAMES } from '../../../../agent/filter/names.ts';
import { parseFilter } from '../../../../agent/filter/parse.ts';
import { ROLE } from '../../../../bpf/rows/rows.gen.ts';
import { tries } from '../../../support/tries.ts';

const ENDS = ['local_addr', 'peer_addr', 'local_port', 'peer_port', 'role'] as const satisfies readonly KernelFact[];
type End = (typeof ENDS)[number];
type Facts = Readonly<Record<End, bigint>>;

const span = { start: 0, end: 0 };
/** Few numbers, so that rows and ranges meet. */
const number = (fact: End) => fc.bigInt(factLayout(fact).domain[0], factLayout(fact).domain[0] + (fact === 'role' ? 2n : 4n));

const oneTest: fc.Arbitrary<Filter<KernelFact>> = fc.constantFrom(...ENDS).chain((fact) => {
  const range = fc.tuple(number(fact), number(fact)).map(([a, b]): Range => (a < b ? [a, b] : [b, a]));
  return fc.array(range, { maxLength: 2 }).map((ranges): Filter<KernelFact> => ({ op: 'test', fact, ranges: union(ranges), span }));
});
const filter = fc.letrec<{ filter: Filter<KernelFact> }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    oneTest,
    fc.record({
      op: fc.constantFrom('and', 'or'),
      terms: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }),
      span: fc.constant(span),
    }),
    fc.record({ op: fc.constant('not'), term: tie('filter'), span: fc.constant(span) }),
  ),
})).filter;
/** 0 of a port is one that is not known. */
const facts: fc.Arbitrary<Facts> = fc.record({
  local_addr: number('local_addr'),
  peer_addr: number('peer_addr'),
  local_port: fc.bigInt(0n, 5n),
  peer_port: fc.bigInt(0n, 5n),
  role: number('role'),
});

const opposite = (role: bigint) =>
  BigInt(ROLE.indexOf(({ unknown: 'unknown', client: 'server', server: 'client' } as const)[ROLE[Number(role)] ?? 'unknown']));
/** The same connection, as its other end has it. */
const otherEnd = ({ local_addr, peer_addr, local_port, peer_port, role }: Facts): Facts => ({
  local_addr: peer_addr,
  peer_addr: local_addr,
  local_port: peer_port,
  peer_port: local_port,
  role: opposite(role),
});
const of = (row: Facts) => (fact: KernelFact) => row[fact as End];

test('the mirror answers at the other end what the filter answers here', () => {
  const kinds = fc.constantFrom(...FILTERED_KINDS.filter((kind) => kind !== 'listener'));
  fc.assert(
    fc.property(filter, facts, kinds, (asked, row, kind) => {
      const mirror = mirrored(asked);
      if ('stuck' in mirror) throw new Error('it has a mirror');
      expect(evaluate(mirror, kind, of(otherEnd(row)))).toBe(evaluate(asked, kind, of(row)));
    }),
    tries(2000),
  );
});

test.each([
  ['port = 443', true],
  ['addr in 10.0.0.0/8 and port in (80, 443)', true],
  ['role in (client, server)', true],
  ['peer_port = 443', false],
  ['role = client', false],
])('%s is its own mirror: %s', (expression, same) => {
  const asked = parseFilter(expression, ANY_NAMES);
  const mirror = mirrored(asked);
  expect('stuck' in mirror ? undefined : isSame(asked, mirror)).toBe(same);
});

test.each([
  ['port = 443 and process = nginx', 'process = nginx'],
  ['not (peer = 10.0.0.1 or uid = 33)', 'uid = 33'],
  ['netns = web', 'netns = web'],
  ['cgroup = nginx.service or port = 80', 'cgroup = nginx.service'],
  ['pid = 7', 'pid = 7'],
])('of %s the other end has no answer to %s', (expression, stuck) => {
  const mirror = mirrored(parseFilter(expression, ANY_NAMES));
  const { start, end } = 'stuck' in mirror ? mirror.stuck.span : span;
  expect(expression.slice(start, end)).toBe(stuck);
});
