import { expect, test } from 'vitest';
import { missingCommand, runCommand } from '../support/run-command.ts';

const majorOf = (compiler: string): string => runCommand(compiler, ['-dumpversion']).stdout.split('.', 1)[0]?.trim() ?? '';

test('bpf/prebuilt is, byte for byte, what its sources build to', (ctx) => {
  const missing = missingCommand(['make', 'clang', 'llvm-strip', 'x86_64-linux-gnu-gcc', 'aarch64-linux-gnu-gcc']);
  ctx.skip(missing !== undefined, `${missing} is not installed`);
  const { clang, gcc } = { clang: majorOf('clang'), gcc: majorOf('x86_64-linux-gnu-gcc') };
  ctx.skip(clang !== '14' || gcc !== '12', `clang ${clang} and gcc ${gcc} give other bytes than Debian 12's clang 14 and gcc 12`);
  const { code, stdout, stderr } = runCommand('make', ['-C', 'bpf', 'check']);
  expect(code, `${stdout}${stderr}run 'make bpf' and commit`).toBe(0);
});
