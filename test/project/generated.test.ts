import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { root } from '../support/project-files.ts';
import { missingCommand, runCommand } from '../support/run-command.ts';

test('rows.gen.ts is what gen-rows.ts makes of rows.h', (ctx) => {
  const missing = missingCommand(['clang', 'bpftool']);
  ctx.skip(missing !== undefined, `${missing} is not installed`);
  const folder = mkdtempSync(join(tmpdir(), 'tcplens-generated-'));
  try {
    const made = join(folder, 'rows.gen.ts');
    const { code, stderr } = runCommand(process.execPath, ['bpf/rows/gen-rows.ts', made]);
    expect(code, stderr).toBe(0);
    expect(readFileSync(join(root, 'bpf/rows/rows.gen.ts'), 'utf8'), "run 'make gen' and commit").toBe(readFileSync(made, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
