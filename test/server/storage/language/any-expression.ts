// Random expressions and random rows that meet: both take their values from the same few.
import fc from 'fast-check';
import { type Fact, FILTERED_KINDS, factLayout } from '../../../../agent/contract/language/facts.ts';
import { FIELD_NAMES, FIELDS, type FieldName, isOrdered } from '../../../../agent/contract/language/fields.ts';
import { type Column, KINDS, type Kind } from '../../../../bpf/rows/rows.gen.ts';
import type { RowValues } from '../../../support/row-bytes.ts';

export const POOLS = {
  /** as rows have them in hex, and as expressions do */
  addresses: {
    '00000000000000000000ffff0a000001': '10.0.0.1',
    '00000000000000000000ffff0a0000ff': '10.0.0.255',
    '00000000000000000000ffff0a000100': '10.0.1.0',
    '20010db8000000000000000000000001': '2001:db8::1',
    '20010db80000000100000000000000ff': '2001:db8:0:1::ff',
    '00000000000000000000000000000001': '::1',
  },
  prefixes: [
    '10.0.0.0/24',
    '10.0.0.0/8',
    '10.0.0.0-10.0.0.255',
    '::/64',
    '2001:db8::/64',
    '2001:db8::/32',
    '::/0',
    '0.0.0.0/0',
    '10.0.0.0/28',
  ],
  names: ['nginx', 'nginx-2', 'a b', 'naïve', ''],
  numbers: [0, 1, 2, 80, 443, 50_000],
  hosts: [1n, 2n, 0xffff_ffff_ffff_fff1n],
  ids: [0n, 1n, 7n, 8n, 0xffff_ffff_ffff_ffffn],
  reasons: ['no_socket', 'netfilter_drop', ''],
} as const;

const { addresses, prefixes, names, numbers, hosts, ids, reasons } = POOLS;
const texts = Object.values(addresses);

const VALUES: Partial<Record<FieldName, readonly string[]>> = {
  host: ['alpha', 'beta', '1', 'fffffffffffffff1'],
  label: ['r1', 'r2', 'nowhere'],
  process: ['nginx', 'nginx*', '"a b"', 'naïve', '*'],
  cgroup: ['7', 'nginx.service', 'docker', '0123456789ab'],
  container: ['0123456789ab', '0123456789abcdef'],
  pod: ['pod-1'],
  unit: ['nginx.service', 'docker.service'],
  netns: ['web', '8'],
  reason: ['no_socket', 'netfilter_drop'],
};

/** Values of a field, as they are written. */
export function valuesOf(name: FieldName): readonly string[] {
  const field = FIELDS[name];
  if (VALUES[name] !== undefined) return VALUES[name];
  if ('values' in field) return field.values;
  switch (field.type) {
    case 'address':
      return [...texts, ...prefixes];
    case 'duration':
      return ['1us', '2us', '80us-1ms', '50ms'];
    default:
      return ['1', '2', '80', '443', '1-100'];
  }
}

const oneTest = fc.constantFrom(...FIELD_NAMES).chain((name) => {
  const word = name === 'label' ? 'label.rack' : name;
  const value = fc.constantFrom(...valuesOf(name));
  const single = value.filter((text) => !/-\d/.test(text));
  const some = fc.array(value, { minLength: 1, maxLength: 3 }).map((each) => `(${each.join(', ')})`);
  const equal = fc.tuple(fc.constantFrom('=', '!='), value);
  const ordered = fc.tuple(fc.constantFrom('<', '<=', '>', '>='), single);
  const among = fc.tuple(fc.constantFrom('in', 'not in'), some);
  return (isOrdered(FIELDS[name]) ? fc.oneof(equal, ordered, among) : fc.oneof(equal, among)).map(([by, to]) => `${word} ${by} ${to}`);
});

/** Some are refused, since no row could match them. */
export const anyExpression: fc.Arbitrary<string> = fc.letrec<{ term: string }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    { weight: 3, arbitrary: oneTest },
    { weight: 1, arbitrary: tie('term').map((term) => `not (${term})`) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.array(tie('term'), { minLength: 2, maxLength: 3 }), fc.constantFrom(' and ', ' or '))
        .map(([terms, by]) => terms.map((term) => `(${term})`).join(by)),
    },
  ),
})).term;

/** A row as the values of its columns. */
export type AnyRow = { kind: Kind; values: RowValues };

function columnValue({ name, type, size }: Column): fc.Arbitrary<number | bigint | string> {
  if (type === 'IPv6') return fc.constantFrom(...Object.keys(addresses));
  if (name === 'reason') return fc.constantFrom(...reasons);
  if (type.startsWith('FixedString')) return fc.constantFrom(...names);
  if (type.startsWith('Enum8')) return fc.nat({ max: type.split(',').length - 1 });
  if (name === 'uid') return fc.constantFrom(0, 1, 80, 0xffff_ffff);
  if (name === 'host_id') return fc.constantFrom(...hosts);
  if (size === 8) return fc.constantFrom<number | bigint>(...ids, ...numbers);
  return fc.constantFrom(...numbers);
}

const facts = FIELD_NAMES.flatMap((name): readonly Fact[] => FIELDS[name].facts);
const read = new Set([...facts.map((fact) => factLayout(fact).column), 'reason']);

export const anyRow: fc.Arbitrary<AnyRow> = fc.constantFrom(...FILTERED_KINDS).chain((kind) => {
  const columns: readonly Column[] = KINDS[kind].columns;
  const wanted = columns.filter(({ name }) => read.has(name) && name !== 'kind' && name !== 'reason_code');
  return fc.record(Object.fromEntries(wanted.map((column) => [column.name, columnValue(column)]))).map((values) => ({ kind, values }));
});
