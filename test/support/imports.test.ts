import { expect, test } from 'vitest';
import { circlesOf, importsOf, packagesOf, projectImportsOf } from './imports.ts';

const cases: [name: string, code: string, imports: string[]][] = [
  ['static', `import a from './a.ts';`, ['./a.ts']],
  ['types only', `import type { A } from '../a.ts'; import { type B } from "./b.ts";`, ['../a.ts', './b.ts']],
  ['for its effect', `import './a.css';`, ['./a.css']],
  ['exported on', `export * from './a.ts'; export { b } from './b.ts'; export type { C } from './c.ts';`, ['./a.ts', './b.ts', './c.ts']],
  ['dynamic', `const a = await import(/* a comment */ './a.ts'); void import("./b.ts");`, ['./a.ts', './b.ts']],
  ['a type in place', `type A = import('./a.ts').A;`, ['./a.ts']],
  ['required', `const a = require('./a.ts');`, ['./a.ts']],
  ['a worker', `new Worker(new URL('./a.ts', import.meta.url));`, ['./a.ts']],
  ['many at once', `import.meta.glob('../agent/*.ts');`, ['../agent/*.ts']],
  ['over lines', `import {\n  a,\n  b,\n} from\n  './a.ts';`, ['./a.ts']],
  ['in a template', '`$' + '{await import("./a.ts")}`', ['./a.ts']],
  ['in a comment', `// import a from './a.ts'\n/* import('./b.ts') */`, []],
  ['in a string', `const a = "import b from './b.ts'";`, []],
];
test.each(cases)('an import: %s', (_, code, imports) => {
  expect(importsOf('x.ts', code)).toEqual(imports);
});

test('Svelte: both scripts count, the markup does not', () => {
  const text = `<script module lang="ts">import './a.ts';</script><script lang="ts">import type { B } from './b.ts';</script><p>import './c.ts'</p>`;
  expect(importsOf('x.svelte', text)).toEqual(['./a.ts', './b.ts']);
});

test('project paths are resolved, packages are cut to their name', () => {
  const file = {
    path: 'server/live/tick.ts',
    text: `import '../../agent/a.ts?raw'; import './b.ts'; import '@x/y/z'; import 'w/v'; import 'node:fs/promises';`,
  };
  expect(projectImportsOf(file)).toEqual(['agent/a.ts', 'server/live/b.ts']);
  expect(packagesOf(file)).toEqual(['@x/y', 'w', 'node:fs']);
});

const circles: [name: string, imports: Record<string, string[]>, circles: string[][]][] = [
  ['none, though two ways lead to one file', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, []],
  ['itself', { a: ['a'] }, [['a.ts']]],
  ['two files', { a: ['b'], b: ['a'] }, [['a.ts', 'b.ts']]],
  ['what only leads there or away is not of it', { a: ['b'], b: ['c'], c: ['b', 'd'], d: [] }, [['b.ts', 'c.ts']]],
  ['two that share a file are one', { a: ['b'], b: ['a', 'c'], c: ['b'] }, [['a.ts', 'b.ts', 'c.ts']]],
  [
    'two apart',
    { a: ['b'], b: ['a', 'c'], c: ['d'], d: ['c'] },
    [
      ['a.ts', 'b.ts'],
      ['c.ts', 'd.ts'],
    ],
  ],
];
test.each(circles)('circles: %s', (_, imports, expected) => {
  const files = Object.entries(imports).map(([name, froms]) => ({
    path: `${name}.ts`,
    text: froms.map((from) => `import type { A } from './${from}.ts';`).join('\n'),
  }));
  expect(circlesOf(files)).toEqual(expected);
});
