// The reader of ELF files beside what nm says of the same ones, and with bytes that are no such file or only look like one.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { elfTables, functionAt, functionsOf, type ReadAt } from '../../../agent/host/elf-functions.ts';
import { compileC } from '../../support/compile-c.ts';
import { tries } from '../../support/tries.ts';

const SOURCE = new URL('../../support/user-stack.c', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-elf-'));
let [whole, stripped, fixed, library] = ['', '', '', ''];
beforeAll(() => {
  whole = compileC(SOURCE, directory);
  stripped = `${whole}-stripped`;
  execFileSync('strip', ['-o', stripped, whole]);
  fixed = `${whole}-fixed`;
  execFileSync('gcc', ['-O2', '-no-pie', '-o', fixed, SOURCE]);
  library = join(directory, 'library.so');
  execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-Wl,-s', '-o', library, SOURCE]);
});
afterAll(() => rmSync(directory, { recursive: true }));

const readerOf =
  (bytes: Buffer): ReadAt =>
  (offset, size) =>
    offset + size <= bytes.length ? bytes.subarray(offset, offset + size) : undefined;

function functionsIn(bytes: Buffer) {
  const tables = elfTables(readerOf(bytes));
  return tables && functionsOf(readerOf(bytes), tables);
}

type Named = { start: number; size: number; name: string };

/** Of nm: "0000000000001280 000000000000000e T main". */
function named(file: string, ...options: string[]): Named[] {
  const lines = execFileSync('nm', ['-S', '--defined-only', ...options, file], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, start, size, name] = /^([0-9a-f]+) ([0-9a-f]+) [TtWwi] (\S+?)(?:@.*)?$/.exec(line) ?? [];
    return start && size && name ? { start: Number.parseInt(start, 16), size: Number.parseInt(size, 16), name } : [];
  });
}

/** Where in the file an address of it lies, by readelf's list of what is loaded. */
function offsetsOf(file: string): (address: number) => number {
  const text = execFileSync('readelf', ['-lW', file], { encoding: 'utf8' });
  const loaded = [...text.matchAll(/^ +LOAD +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)/gm)].map(([, ...parts]) =>
    parts.map((part) => Number.parseInt(part, 16)),
  );
  return (address) => {
    const [offset = 0, from = 0] = loaded.find(([, start = 0, size = 0]) => start <= address && address < start + size) ?? [];
    return address - from + offset;
  };
}

describe('every function that nm names is found by its first and its last byte, and by no other', () => {
  test.each([
    ['a program', () => whole, []],
    ['a program at a fixed address', () => fixed, []],
    ['a stripped library, of which others see some', () => library, ['-D']],
    ['libc', () => execFileSync('gcc', ['-print-file-name=libc.so.6'], { encoding: 'utf8' }).trim(), ['-D']],
  ] as const)('%s', (_, fileOf, options) => {
    const file = fileOf();
    const functions = functionsIn(readFileSync(file));
    const all = named(file, ...options);
    const offsetOf = offsetsOf(file);
    if (functions === undefined) throw new Error('no functions');
    expect(all.length).toBeGreaterThan(3);
    for (const { start, size } of all) {
      const names = all.filter((other) => other.start === start).map(({ name }) => name);
      for (const address of [start, start + size - 1]) {
        const found = functionAt(functions, offsetOf(address));
        // Another may begin in the middle of one.
        const inner = all.filter((other) => other.start > start && other.start <= address && address < other.start + other.size);
        expect([...names, ...inner.map(({ name }) => name)], `${address}`).toContain(found);
      }
    }
  });
});

test('between functions there is none', () => {
  const functions = functionsIn(readFileSync(whole));
  const [first] = named(whole).toSorted((one, other) => one.start - other.start);
  if (functions === undefined || first === undefined) throw new Error('no functions');
  expect(functionAt(functions, offsetsOf(whole)(first.start - 1))).toBeUndefined();
  const all = named(whole);
  const behind = all
    .map(({ start, size }) => start + size)
    .filter((end) => !all.some(({ start, size }) => start <= end && end < start + size));
  expect(behind.length).toBeGreaterThan(1);
  for (const end of behind) expect(functionAt(functions, offsetsOf(whole)(end))).toBeUndefined();
  expect(functionAt(functions, 1e9)).toBeUndefined();
});

test('what is stripped says only what others call', () => {
  const functions = functionsIn(readFileSync(stripped));
  const main = named(whole).find(({ name }) => name === 'main');
  expect(functions && functionAt(functions, offsetsOf(whole)(main?.start ?? 0))).toBeUndefined();
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a script', Buffer.from('#!/bin/sh\n'.padEnd(100))],
  ['of another machine: 32 bits', Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1]), Buffer.alloc(200)])],
])('%s has no tables', (_, bytes) => {
  expect(elfTables(readerOf(bytes))).toBeUndefined();
});

test('whatever bytes a file has, the reader ends, asks for no more than it may, and names are such as rows take', () => {
  const original = readFileSync(whole);
  const header = fc.nat({ max: 63 });
  // Where headers, sections and symbols are, a byte matters most.
  const place = fc.oneof(
    header,
    fc.integer({ min: original.length - 4096, max: original.length - 1 }),
    fc.nat({ max: original.length - 1 }),
  );
  const change = fc.tuple(place, fc.oneof(fc.constantFrom(0, 0x7f, 0x80, 0xff), fc.nat({ max: 255 })));
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 20 }),
      fc.nat({ max: original.length }),
      fc.array(fc.nat({ max: 20_000 })),
      (changes, cut, at) => {
        const bytes = Buffer.from(original.subarray(0, cut % 4 === 0 ? cut : original.length));
        for (const [where, value] of changes) if (where < bytes.length) bytes[where] = value;
        const read: ReadAt = (offset, size) => {
          expect(Number.isSafeInteger(offset) && offset >= 0 && size > 0 && size <= 32 * 1024 * 1024).toBe(true);
          return readerOf(bytes)(offset, size);
        };
        const tables = elfTables(read);
        const functions = tables && functionsOf(read, tables);
        if (functions === undefined) return;
        for (const offset of at) expect(functionAt(functions, offset) ?? 'none').toMatch(/^[\x21-\x7e]{1,64}$/);
      },
    ),
    tries(2000),
  );
});

test('a file of symbols that lie is read as far as it goes', () => {
  const bytes = Buffer.from(readFileSync(whole));
  const tables = elfTables(readerOf(bytes));
  if (tables === undefined) throw new Error('no tables');
  const { symbols } = tables;
  for (let at = symbols.offset; at < symbols.offset + symbols.size; at += 24) bytes.writeBigUInt64LE(0xffff_ffff_ffff_fff0n, at + 8);
  writeFileSync(join(directory, 'lying'), bytes);
  const functions = functionsIn(bytes);
  expect(functions?.starts.length).toBe(0);
});
