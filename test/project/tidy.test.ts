// The project's habits as rules. Each rule is tried on a sample that it has to catch.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import nodeJson from '../../deploy/node/package.json' with { type: 'json' };
import packageJson from '../../package.json' with { type: 'json' };
import { type ProjectFile, projectFiles, root } from '../support/project-files.ts';

type Rule = {
  name: string;
  applies: (path: string) => boolean;
  /** What is wrong in a file, a line each. */
  offences: (file: ProjectFile) => string[];
  /** A file with exactly one offence. */
  sample: ProjectFile;
};

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 70;

/** Files that may be longer, with the reason. */
const longFiles: Record<string, string> = { 'bpf/rows/rows.h': 'the one definition of every row' };

const isCode = (path: string): boolean => /\.(ts|svelte|c|h|css|sh)$|(^|\/)Makefile$/.test(path) && !path.endsWith('.gen.ts');
const isTypeScript = (path: string): boolean => /\.(ts|svelte)$/.test(path) && !path.endsWith('.gen.ts');

/** Matches of `pattern` with the number of their line. */
function matches(pattern: RegExp): Rule['offences'] {
  return ({ text }) => text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${index + 1}: ${line.trim()}`] : []));
}

const lineCount = (text: string): number => text.split('\n').length - 1;

function longFunctions({ path, text }: ProjectFile): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
    const lines = source.getLineAndCharacterOfPosition(node.end).line - first + 1;
    if (ts.isFunctionLike(node) && lines > MAX_FUNCTION_LINES) found.push(`${first + 1}: a function of ${lines} lines`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const rules: Rule[] = [
  {
    name: 'nothing is left for later',
    applies: (path) => !path.endsWith('LICENSE'),
    offences: matches(/\b(T[O]DO|F[I]XME|X[X]X|HA[C]K)\b/),
    sample: { path: 'agent/a.ts', text: `${['// TO', 'DO'].join('')}: later\n` },
  },
  {
    name: 'no type is given up',
    applies: isTypeScript,
    offences: matches(/(?::|\bas|<|,|\|)\s*a[n]y\b\s*(?=[;,)>=|[\]}]|$)|@ts-(?:ignore|nocheck|expect-error)/),
    sample: { path: 'agent/a.ts', text: `const a = b as ${'any'};\n` },
  },
  {
    name: `files have at most ${MAX_FILE_LINES} lines`,
    applies: (path) => isCode(path) && !(path in longFiles),
    offences: ({ text }) => (lineCount(text) > MAX_FILE_LINES ? [`${lineCount(text)} lines`] : []),
    sample: { path: 'agent/a.ts', text: '\n'.repeat(MAX_FILE_LINES + 1) },
  },
  {
    name: `functions have at most ${MAX_FUNCTION_LINES} lines`,
    // In a test file a describe() is a function around all its tests.
    applies: (path) => path.endsWith('.ts') && !/\.(gen|test)\.ts$/.test(path),
    offences: longFunctions,
    sample: { path: 'agent/a.ts', text: `function a() {${'\n'.repeat(MAX_FUNCTION_LINES)}}\n` },
  },
  {
    name: "no path of anyone's machine",
    applies: () => true,
    offences: matches(/(?<![\w.])\/(home|root|Users|work)\/\w/),
    sample: { path: 'README.md', text: `see ${'/ho'}me/someone/file\n` },
  },
  {
    name: 'no host of a package registry',
    applies: () => true,
    offences: matches(/registry\.[a-z]|npmjs\.(org|com)|_auth[T]oken|deb\.debian\.org/i),
    sample: { path: '.npmrc', text: `${'regis'}${'try.'}example.com\n` },
  },
  {
    name: 'C and BPF files say their licence',
    applies: (path) => /^bpf\/.*\.(c|h)$/.test(path),
    offences: ({ path, text }) => {
      const licence = text.split('\n', 1)[0]?.match(/SPDX-License-Identifier: (\S+)/)?.[1];
      const allowed = /\.bpf\.[ch]$/.test(path) ? ['GPL-2.0-only'] : ['GPL-2.0-only', 'Apache-2.0'];
      return allowed.includes(licence ?? '') ? [] : [`1: licence ${licence}, not ${allowed.join(' or ')}`];
    },
    sample: { path: 'bpf/a.bpf.c', text: '/* SPDX-License-Identifier: MIT */\n' },
  },
  {
    name: 'lines end without blanks, files with a line end',
    applies: (path) => !path.endsWith('LICENSE'),
    offences: ({ path, text }) => [
      ...matches(/[ \t\r]+$/)({ path, text }),
      ...(text === '' || text.endsWith('\n') ? [] : [`${lineCount(text) + 1}: no line end`]),
    ],
    sample: { path: 'Makefile', text: 'all: \n' },
  },
  {
    name: 'errors have one base',
    // What bpf/ and browsers import stands below it, or apart.
    applies: (path) => /^(cli\.ts$|agent\/|server\/)/.test(path) && path !== 'agent/process/errors.ts',
    offences: matches(/\bextends (\w*\.)?Error\b/),
    sample: { path: 'server/a.ts', text: 'class A extends Error {}\n' },
  },
  {
    name: 'each test file belongs to a suite that runs',
    applies: (path) => /\.(test|spec)\.[jt]sx?$/.test(path),
    offences: ({ path }) =>
      /^test\/(agent|bpf|server|dashboards|fuzz|project|support|kernels?|fidelity|faults|fleet|investigations|browser|fresh)\/.*\.test\.ts$/.test(
        path,
      )
        ? []
        : ['1: no suite runs it'],
    sample: { path: 'agent/a.test.ts', text: '' },
  },
];

const files = projectFiles();

test.each(rules)('$name', ({ applies, offences }) => {
  const found = files.filter(({ path }) => applies(path)).flatMap((file) => offences(file).map((offence) => `${file.path}:${offence}`));
  expect(found).toEqual([]);
});

test.each(rules)('caught: $name', ({ applies, offences, sample }) => {
  expect(applies(sample.path)).toBe(true);
  expect(offences(sample)).toHaveLength(1);
});

test('packages are pinned exactly', () => {
  const { dependencies, devDependencies } = packageJson;
  const all = [dependencies, devDependencies, nodeJson.dependencies, nodeJson.optionalDependencies].flatMap(Object.entries<string>);
  const loose = all.filter(([, version]) => !/^(npm:[^@]+@)?\d+\.\d+\.\d+$/.test(version));
  expect(loose).toEqual([]);
});

test.each(['package-lock.json', 'deploy/node/package-lock.json'])('%s names no registry', (lock) => {
  expect(readFileSync(join(root, lock), 'utf8')).not.toContain('"resolved": "http');
});

test.each([
  ['LICENSE', 'Apache License'],
  ['bpf/LICENSE', 'GNU GENERAL PUBLIC LICENSE'],
])('%s is the text of the %s', (path, title) => {
  expect(
    files
      .find((file) => file.path === path)
      ?.text.trimStart()
      .startsWith(title),
  ).toBe(true);
});
