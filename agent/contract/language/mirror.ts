// The other end of a connection has the same addresses and ports, the other way round. Mirrors a filter, so that it matches there, too.
import { ROLE } from '../../../bpf/rows/rows.gen.ts';
import type { KernelFact } from './facts.ts';
import { includes, type Range, union } from './ranges.ts';
import type { Filter, Test } from './tree.ts';

const SWAPPED: Partial<Readonly<Record<KernelFact, KernelFact>>> = {
  local_addr: 'peer_addr',
  peer_addr: 'local_addr',
  local_port: 'peer_port',
  peer_port: 'local_port',
};

const OPPOSITE = { unknown: 'unknown', client: 'server', server: 'client' } as const satisfies Record<
  (typeof ROLE)[number],
  (typeof ROLE)[number]
>;

/** The first test that cannot be made at the other end. */
type Stuck = { stuck: Test<KernelFact> };

/**
 * The filter that matches a row of the one end where `filter` matches the same row of the other. Both have to know their peer: a listener has
 * none. `stuck`: a test that nothing at the other end answers.
 */
export function mirrored(filter: Filter<KernelFact>): Filter<KernelFact> | Stuck {
  switch (filter.op) {
    case 'test':
      return mirroredTest(filter);
    case 'not': {
      const term = mirrored(filter.term);
      return 'stuck' in term ? term : { ...filter, term };
    }
    default: {
      const terms: Filter<KernelFact>[] = [];
      for (const each of filter.terms) {
        const term = mirrored(each);
        if ('stuck' in term) return term;
        terms.push(term);
      }
      return { ...filter, terms };
    }
  }
}

function mirroredTest(test: Test<KernelFact>): Test<KernelFact> | Stuck {
  if (test.fact === 'role') return { ...test, ranges: union(ROLE.flatMap((role, at) => oppositeOf(test, role, at))) };
  const fact = SWAPPED[test.fact];
  return fact === undefined ? { stuck: test } : { ...test, fact };
}

function oppositeOf({ ranges }: Test, role: (typeof ROLE)[number], at: number): Range[] {
  if (!includes(ranges, BigInt(at))) return [];
  const opposite = BigInt(ROLE.indexOf(OPPOSITE[role]));
  return [[opposite, opposite]];
}

/** Whether the two are the same but for the order of terms, so that one of them is enough. */
export function isSame(one: Filter<KernelFact>, other: Filter<KernelFact>): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf(filter: Filter<KernelFact>): string {
  switch (filter.op) {
    case 'test':
      return `${filter.fact} ${filter.ranges.join(';')}`;
    case 'not':
      return `not(${keyOf(filter.term)})`;
    default:
      return `${filter.op}(${filter.terms.map(keyOf).toSorted().join(' ')})`;
  }
}
