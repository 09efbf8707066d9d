// No file imports itself by any way round, types included: what needs each other is one thing, or there is a third that both need.
import { expect, test } from 'vitest';
import { circlesOf } from '../support/imports.ts';
import { projectFiles } from '../support/project-files.ts';

const code = projectFiles().filter(({ path }) => /\.(ts|svelte)$/.test(path));

test('no circles of imports', () => {
  expect(circlesOf(code)).toEqual([]);
});
