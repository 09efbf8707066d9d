// No file imports itself by any way round, types included: what needs each other is one thing, or there is a third that both need.
import { expect, test } from 'vitest';
import { circlesOf } from '../support/imports.ts';
import { projectFiles } from '../support/project-files.ts';

const code = projectFiles().filter(({ path }) => /\.(ts|svelte)$/.test(path));

/** The only one there is; no file may join it. */
const STORAGE = [
  'accounting-refresh',
  'kept-tables',
  'migrations',
  'migrations/1-entities',
  'migrations/2-rollup',
  'migrations/3-all-kinds',
  'migrations/4-accounting-and-tiers',
  'migrations/5-loss-and-waits',
  'name-budgets',
  'part-statistics',
  'published',
  'retention',
  'row-tables',
  'store',
  'superseded',
  'tier-refresh',
  'upkeep',
].map((name) => `server/storage/${name}.ts`);

test('no circles of imports', () => {
  expect(circlesOf(code)).toEqual([STORAGE]);
});
