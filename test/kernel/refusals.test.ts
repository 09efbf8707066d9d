// What a person is told on a machine that cannot: the kernel's type information really hidden, in a mount namespace.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { expect, test } from 'vitest';
import { root } from '../support/project-files.ts';

const commands = [['agent', '--collector', 'http://127.0.0.1:9', '--metrics', 'none'], ['watch', 'retransmit'], ['check']];

test.for(commands)('without BTF, %s ends with 78 and says what to do', (args, context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: a mount namespace');
  const hidden = 'mount -t tmpfs none /sys/kernel/btf && exec ./tcplens "$@"';
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', hidden, 'sh', ...args], { cwd: root, encoding: 'utf8' });
  expect(stdout + stderr).toMatch(/offers no type information \(\/sys\/kernel\/btf\/vmlinux\): use a kernel built with/);
  expect(status).toBe(78);
});
