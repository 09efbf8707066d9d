// The table of mutants is in step with the sources: one that has no place in them any more would try nothing.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/project-files.ts';
import { FOLDERS, mutate, unit } from '../teeth/mutant.ts';
import { MUTANTS } from '../teeth/table.ts';

const MUTANTS_MIN = 120;
const all = FOLDERS.flatMap((folder) => MUTANTS[folder]);
const textOf = (file: string) => readFileSync(join(root, file), 'utf8');

test('every mutant has its one place in the sources, and changes it', () => {
  const texts = new Map([...new Set(all.map(({ file }) => file))].map((file) => [file, textOf(file)]));
  const astray = all.flatMap((mutant) => {
    try {
      const text = texts.get(mutant.file) ?? '';
      return mutate(text, mutant) === text ? [`"${mutant.why}" changes nothing in ${mutant.file}`] : [];
    } catch (error) {
      return [String(error)];
    }
  });
  expect(astray).toEqual([]);
});

test('every mutant names tests that are there', () => {
  const missing = all.flatMap(({ file, why, suite }) =>
    suite.files.filter((path) => !existsSync(join(root, path))).map((path) => `${file}: ${why}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test('every mutant has a reason of its own', () => {
  const names = all.map(({ file, why }) => `${file}: ${why}`);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test('there are mutants of every folder, and enough of them', () => {
  expect(FOLDERS.filter((folder) => MUTANTS[folder].length === 0)).toEqual([]);
  expect(all.length).toBeGreaterThanOrEqual(MUTANTS_MIN);
});

test('a place that is not there, or there twice, is an error', () => {
  const mutant = { file: 'a.ts', why: 'a', find: 'one', replace: 'two', suite: unit('a') };
  expect(mutate('one', mutant)).toBe('two');
  expect(() => mutate('nothing', mutant)).toThrow('0 places');
  expect(() => mutate('one one', mutant)).toThrow('2 places');
});
