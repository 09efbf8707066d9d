import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { root } from '../support/project-files.ts';
import { type Finished, runCommand } from '../support/run-command.ts';

function biome(folder: string): Finished {
  const program = join(root, 'node_modules/@biomejs/biome/bin/biome');
  return runCommand(process.execPath, [program, 'check', '--error-on-warnings', '--max-diagnostics=50', '.'], { cwd: folder });
}

test("every file follows Biome's rules and formatting", () => {
  const { code, stdout, stderr } = biome(root);
  expect(code, stdout + stderr).toBe(0);
});

const samples: [rule: string, code: string][] = [
  ['noExplicitAny', `export const a: ${'any'} = 1;\n`],
  ['noNonNullAssertion', 'export const a = (b?: string) => b!.length;\n'],
  ['useImportType', `import { A } from './a.ts';\n\nexport const a: A = 1;\n`],
  ['noFloatingPromises', 'async function a(): Promise<void> {}\na();\n'],
  ['format', 'export const a = "b"\n'],
];
test.each(samples)('caught: %s', (rule, code) => {
  const folder = mkdtempSync(join(tmpdir(), 'tcplens-lint-'));
  try {
    for (const name of ['biome.json', '.gitignore']) copyFileSync(join(root, name), join(folder, name));
    writeFileSync(join(folder, 'sample.ts'), code);
    const run = biome(folder);
    expect(run.code).toBe(1);
    expect(run.stdout + run.stderr).toContain(rule);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
