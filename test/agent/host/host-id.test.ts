import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostIdOf, readHostId } from '../../../agent/host/host-id.ts';

const MACHINE_ID = '0123456789abcdef0123456789abcdef';

test('the first 8 bytes of SHA-256 over the salt and the machine id, as sha256sum has it', () => {
  const sum = execFileSync('sha256sum', { input: `tcplens${MACHINE_ID}`, encoding: 'utf8' });
  expect(hostIdOf(`${MACHINE_ID}\n`)).toBe(BigInt(`0x${sum.slice(0, 16)}`));
});

test('without a machine id it is made once and kept', () => {
  const state = join(mkdtempSync(join(tmpdir(), 'tcplens-')), 'state');
  const made = readHostId(state, '/nonexistent');
  expect(made).not.toBe(0n);
  expect(readHostId(state, '/nonexistent')).toBe(made);
});

test.each(['uninitialized\n', ''])('a machine id of %j counts as none', (text) => {
  const state = mkdtempSync(join(tmpdir(), 'tcplens-'));
  const file = join(state, 'machine-id');
  writeFileSync(file, text);
  expect(readHostId(state, file)).not.toBe(hostIdOf(text));
});

test('where it cannot be kept, the error says what to give', () => {
  expect(() => readHostId('/dev/null/state', '/nonexistent')).toThrow(/--state-dir or --host-id/);
});
