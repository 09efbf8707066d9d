// The table of facts says what rows.h says: it has the kinds by name, since browsers load it, too.
import { expect, test } from 'vitest';
import { type Fact, FILTERED_KINDS, factLayout, KERNEL_FACTS, STORED_FACTS } from '../../../../agent/contract/language/facts.ts';
import { FIELD_NAMES, FIELDS, isNamed } from '../../../../agent/contract/language/fields.ts';
import { type Column, KINDS } from '../../../../bpf/rows/rows.gen.ts';

const facts = Object.keys({ ...KERNEL_FACTS, ...STORED_FACTS }) as Fact[];
const columnsOf = (kind: (typeof FILTERED_KINDS)[number]): readonly Column[] => KINDS[kind].columns;

/** Rows of a listener have the columns of a peer, and no peer; resets and drops have their reasons apart. */
const NOT_OF: Partial<Record<Fact, readonly string[]>> = {
  peer_addr: ['listener'],
  peer_port: ['listener'],
  srtt_us: ['listener'],
  reset_reason: ['drop'],
  drop_reason: ['reset'],
};

test.each(facts.filter((fact) => factLayout(fact).column !== ''))('%s is a column of the kinds that have it, and of no others', (fact) => {
  const { column, kinds } = factLayout(fact);
  const having = FILTERED_KINDS.filter((kind) => columnsOf(kind).some(({ name }) => name === column));
  expect(having.filter((kind) => !NOT_OF[fact]?.includes(kind))).toEqual(FILTERED_KINDS.filter((kind) => kinds.has(kind)));
});

test.each(facts)('the domain of %s fits its column', (fact) => {
  const { column, domain, names } = factLayout(fact);
  const columns = FILTERED_KINDS.flatMap((kind) => columnsOf(kind).filter(({ name }) => name === column));
  // A fact may have fewer bits in one kind than in another.
  if (column !== '') expect(domain[1]).toBeLessThan(1n << BigInt(Math.max(...columns.map(({ size }) => size)) * 8));
  if (names === undefined) return;
  for (const { type } of columns) expect([...type.matchAll(/'(\w+)'/g)].map(([, name]) => name)).toEqual(names);
});

test('each fact is tested by a field, and each field says what it means', () => {
  const tested = new Set(FIELD_NAMES.flatMap((name) => FIELDS[name].facts));
  expect(facts.filter((fact) => !tested.has(fact))).toEqual([]);
  expect(FIELD_NAMES.filter((name) => FIELDS[name].words.length < 10)).toEqual([]);
  expect(FIELD_NAMES.filter((name) => isNamed(name))).toEqual(['host', 'label', 'cgroup', 'container', 'pod', 'unit', 'netns', 'reason']);
});
