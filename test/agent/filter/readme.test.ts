// The README's examples are filters, and its table has every field there is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FILTERED_KINDS, factLayout } from '../../../agent/contract/language/facts.ts';
import { FIELD_NAMES, FIELDS } from '../../../agent/contract/language/fields.ts';
import { ANY_NAMES } from '../../../agent/filter/names.ts';
import { parseFilter } from '../../../agent/filter/parse.ts';
import { KIND } from '../../../bpf/rows/rows.gen.ts';
import { root } from '../../support/project-files.ts';

const section = readFileSync(join(root, 'README.md'), 'utf8').split('\n## Filters\n')[1]?.split('\n## ')[0] ?? '';

const examples = section.split('\n').flatMap((line) => {
  const kinds = /^tcplens watch ([a-z_ ]*)--filter/.exec(line)?.[1]?.trim().split(' ') ?? [];
  return [...line.matchAll(/--filter '([^']+)'/g)].map(([, expression = '']) => ({ kinds, expression }));
});

test.each(examples)('$expression', ({ kinds, expression }) => {
  const named = KIND.filter((kind) => kinds.includes(kind));
  expect(() => parseFilter(expression, ANY_NAMES, named.length === 0 ? KIND : named)).not.toThrow();
});

test('there are six examples and more', () => {
  expect(examples.length).toBeGreaterThanOrEqual(6);
});

/** Fields that only stored rows have are told of elsewhere. */
const inKernel = FIELD_NAMES.filter((name) => FIELDS[name].places.some((place) => place === 'kernel'));
const rows = section.split('\n').filter((line) => line.startsWith('| `'));

test('the table has each field once', () => {
  const named = rows.flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([a-z_]+)`/g)].map(([, name]) => name));
  expect(named.sort()).toEqual(inKernel.toSorted());
});

test.each(inKernel)('the table says which kinds have %s, where not all have it', (name) => {
  const { facts } = FIELDS[name];
  const kinds = FILTERED_KINDS.filter((kind) => facts.some((fact) => factLayout(fact).kinds.has(kind)));
  const said = rows.find((line) => (line.split(' | ')[0] ?? '').includes(`\`${name}\``))?.split(' | ')[2] ?? '';
  if (kinds.length === FILTERED_KINDS.length) expect(said).toMatch(/^all/);
  else if (said.startsWith('all')) expect([kinds.includes('listener'), said.includes('listener')]).toEqual([false, true]);
  else expect(kinds.filter((kind) => !said.includes(`\`${kind}\``))).toEqual([]);
});
