// A real vitest run over made-up test files, with the project's reporters.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { root } from './project-files.ts';

const imports = `import { test, describe, beforeAll } from 'vitest';\n`;

export type VitestRun = { code: number | null; lines: string[] };

/**
 * Runs `files`, by name, in a folder of its own.
 * @param settings - of vitest's `test`, beside the reporters
 */
export function vitestRun(files: Record<string, string>, args: readonly string[] = [], settings = ''): VitestRun {
  const folder = mkdtempSync(join(tmpdir(), 'tcplens-vitest-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const support = join(root, 'test/support');
    writeFileSync(
      join(folder, 'vitest.config.ts'),
      `import { Overdue } from '${support}/overdue.ts';
import { SummaryReporter } from '${support}/summary-reporter.ts';
export default { test: { reporters: [new SummaryReporter(), new Overdue()], ${settings} } };
`,
    );
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), imports + text);
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    // With CI set vitest refuses `.only` by itself.
    const env = { ...process.env, CI: undefined };
    const { status, stdout } = spawnSync(process.execPath, [vitest, 'run', ...args], { cwd: folder, encoding: 'utf8', env });
    return { code: status, lines: stdout.trimEnd().split('\n') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
