import process from 'node:process';
import { expect, test } from 'vitest';
import { runCommand } from '../support/run-command.ts';

const checks: [name: string, args: string[]][] = [
  ['TypeScript', ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.json']],
  ['tests of what runs in the browser', ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.browser.json']],
  [
    'Svelte and its TypeScript',
    ['node_modules/svelte-check/bin/svelte-check', '--tsconfig', 'dashboards/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
  ],
];
test.each(checks)('types: %s', (_, args) => {
  const { code, stdout, stderr } = runCommand(process.execPath, args);
  expect(code, stdout + stderr).toBe(0);
});
