// The text of /proc/PID/maps, by hand and of this process; whoever runs a process names the files in it.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executableIn, mappingAt } from '../../../agent/host/process-maps.ts';

const line = (path: string, flags = 'r-xp') => `55d0a0002000-55d0a0006000 ${flags} 00002000 fd:1a 1234                       ${path}`;

test('a line of code', () => {
  expect(executableIn(line('/usr/bin/curl'))).toEqual([
    {
      start: 0x55d0a0002000,
      end: 0x55d0a0006000,
      offset: 0x2000,
      device: '253:26',
      range: '55d0a0002000-55d0a0006000',
      module: 'curl',
    },
  ]);
});

test.each([
  ['a file that is gone', '/usr/lib/libssl.so.3 (deleted)', 'libssl.so.3'],
  ['a name with spaces', '/opt/my app/the server', 'the_server'],
  ['a name with a new line, as the kernel writes it', '/opt/a\\012b', 'a\\012b'],
  ['what a terminal obeys', '/opt/\x1b[31mred\r', '_[31mred_'],
  ['letters that a row has no single byte for', '/opt/na\u00efve', 'na_ve'],
  ['a long name', `/opt/${'x'.repeat(300)}`, 'x'.repeat(64)],
  ['the kernel’s own', '[vdso]', '[vdso]'],
  ['no file', '', ''],
  ['a name that a process has given to its memory', '[anon:/usr/bin/curl]', ''],
  ['the heap', '[heap]', ''],
])('%s', (_, path, module) => {
  expect(executableIn(line(path)).map((mapping) => mapping.module)).toEqual([module]);
});

test('the range has no leading zeros, as in map_files', () => {
  expect(executableIn('00400000-00401000 r-xp 00000000 08:01 7 /a')[0]?.range).toBe('400000-401000');
});

test.each([
  ['data', line('/usr/bin/curl', 'rw-p')],
  ['another form', 'Size: 4 kB'],
  ['an address that is no exact number', 'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]'],
  ['an offset that is none', '1000-2000 r-xp fffffffffffff000 08:01 7 /a'],
  ['nothing', ''],
])('%s is no code', (_, text) => {
  expect(executableIn(text)).toEqual([]);
});

test('an address lies where it is at or behind the start, and before the end', () => {
  const mappings = executableIn(`${line('/a')}\n55d0a0006000-55d0a0007000 r-xp 0 fd:1a 1 /b`);
  const at = (address: number) => mappingAt(mappings, address)?.module;
  expect([0x55d0a0001fff, 0x55d0a0002000, 0x55d0a0005fff, 0x55d0a0006000, 0x55d0a0007000].map(at)).toEqual([
    undefined,
    'a',
    'a',
    'b',
    undefined,
  ]);
});

test('this process runs what it was started as', () => {
  const modules = executableIn(readFileSync('/proc/self/maps', 'latin1')).map(({ module }) => module);
  expect(modules).toContain(process.execPath.split('/').at(-1));
  expect(modules).toContain('[vdso]');
});

test('whatever the text, no module has a space or what a terminal obeys, and none is longer than a row takes', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary' }).map((path) => line(`/${path}`)),
  );
  fc.assert(
    fc.property(fc.array(text), (lines) => {
      for (const { module, start, end } of executableIn(lines.join('\n'))) {
        expect(module).toMatch(/^[\x21-\x7e]{0,64}$/);
        expect([start, end].every(Number.isSafeInteger)).toBe(true);
      }
    }),
  );
});
