// What clicks on values make of a filter.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSyntax } from '../../../../agent/contract/language/syntax.ts';
import { addTest, allOf, excludeTest, hasTest, quoted, removeTests, testOf } from '../../../../agent/contract/language/write.ts';
import { EXPRESSIONS } from '../../../fuzz/expressions.ts';
import { tries } from '../../../support/tries.ts';

test('a value that is written is read as the same value', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(parseSyntax(testOf('process', '=', value))).toMatchObject({ values: [{ text: value }] });
    }),
    tries(1000),
  );
});

test('expressions are joined so that each keeps its meaning', () => {
  expect(allOf('', 'pid = 1')).toBe('pid = 1');
  expect(allOf('pid = 1 or uid = 2', testOf('process', 'not in', 'a b', 'c'))).toBe('(pid = 1 or uid = 2) and process not in ("a b", c)');
  expect(allOf('(pid = 1 or uid = 2)', '(pid = 1) or uid = 2')).toBe('(pid = 1 or uid = 2) and ((pid = 1) or uid = 2)');
  expect(quoted('and')).toBe('"and"');
});

describe('a click on the process nginx adds it', () => {
  test.each([
    ['', 'process = nginx'],
    ['process = nginx', 'process = nginx'],
    ['port = 443', 'port = 443 and process = nginx'],
    ['process in (nginx, curl) and port = 443', 'port = 443 and process = nginx'],
    ['process != curl', 'process = nginx'],
    ['not process = * and not (port = 1 or uid = 2)', 'not (port = 1 or uid = 2) and process = nginx'],
    ['(process = curl or port = 1)', '(process = curl or port = 1) and process = nginx'],
    ['process = curl or port = 1', '(process = curl or port = 1) and process = nginx'],
    ['process = ', 'process = nginx'],
  ])('%j', (before, after) => expect(addTest(before, 'process', 'nginx')).toBe(after));
});

describe('or excludes it', () => {
  test.each([
    ['', 'process != nginx'],
    ['process != nginx', 'process != nginx'],
    ['process != curl', 'process not in (curl, nginx)'],
    ['process not in (curl, sshd) and port = 443', 'port = 443 and process not in (curl, sshd, nginx)'],
    ['process = nginx', 'process != nginx'],
    ['process = nginx*', 'process = nginx* and process != nginx'],
    ['process in (nginx, curl)', 'process in (nginx, curl) and process != nginx'],
  ])('%j', (before, after) => expect(excludeTest(before, 'process', 'nginx')).toBe(after));
});

test('labels are fields by themselves', () => {
  expect(addTest('label.env = a and label.rack = b', 'label.env', 'c d')).toBe('label.rack = b and label.env = "c d"');
  expect(removeTests('label.env = a and label.rack = b', 'label.env')).toBe('label.rack = b');
});

test('whatever is there and is added, is in the filter then, once, and gone when it is taken away', () => {
  fc.assert(
    fc.property(fc.constantFrom(...EXPRESSIONS), fc.string(), (before, value) => {
      const after = addTest(before, 'process', value);
      expect(hasTest(after, 'process', value)).toBe(true);
      expect(addTest(after, 'process', value)).toBe(after);
      expect(hasTest(removeTests(after, 'process'), 'process', value)).toBe(false);
      const without = excludeTest(after, 'process', value);
      expect(hasTest(without, 'process', value)).toBe(false);
      expect(excludeTest(without, 'process', value)).toBe(without);
    }),
    tries(300),
  );
});
