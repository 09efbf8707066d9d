// The kernel's types: of bytes made by hand, of a C source that clang compiled, and of the kernel that runs here.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { KernelTypes, readKernelTypes } from '../../../agent/host/kernel-btf.ts';
import { missingCommand } from '../../support/run-command.ts';

const [POINTER, ENUMERATION, TYPEDEF, PROTOTYPE] = [2, 6, 8, 13];
type Type = { kind: number; members?: number; name?: string; type?: number; behind?: readonly number[] };

/** BTF as Documentation/bpf/btf.rst describes it: a header, the types, which are numbered from 1, and the strings. */
function btf(types: readonly Type[]): Buffer {
  const strings = ['', ...types.map(({ name = '' }) => name)];
  const placeOf = (index: number) => strings.slice(0, index).reduce((sum, text) => sum + text.length + 1, 0);
  const words = types.flatMap(({ kind, members = 0, name, type = 0, behind = [] }, index) => {
    return [name ? placeOf(index + 1) : 0, kind * 2 ** 24 + members, type, ...behind];
  });
  const text = `${strings.join('\0')}\0`;
  const header = [0xeb9f | (1 << 16), 24, 0, words.length * 4, words.length * 4, text.length];
  return Buffer.concat([Buffer.from(Uint32Array.from([...header, ...words]).buffer), Buffer.from(text, 'latin1')]);
}

const words = (count: number) => Array.from({ length: count }, () => 0x01020304);
/** A tracepoint with two arguments behind the context; `first` is the number of its first type. */
const tracepoint = (first: number): Type[] => [
  { kind: PROTOTYPE, members: 3, behind: words(6) },
  { kind: POINTER, type: first },
  { kind: TYPEDEF, type: first + 1, name: 'btf_trace_tcp_probe' },
];

test.for([
  { it: 'an integer', kind: 1, behind: words(1) },
  { it: 'a pointer', kind: 2 },
  { it: 'an array', kind: 3, behind: words(3) },
  { it: 'a struct of two members', kind: 4, members: 2, behind: words(6) },
  { it: 'a union of one member', kind: 5, members: 1, behind: words(3) },
  { it: 'an enumeration of two', kind: 6, members: 2, behind: words(4) },
  { it: 'a forward declaration', kind: 7 },
  { it: 'a typedef', kind: 8 },
  { it: 'volatile', kind: 9 },
  { it: 'const', kind: 10 },
  { it: 'restrict', kind: 11 },
  { it: 'a function', kind: 12 },
  { it: 'a prototype of two parameters', kind: 13, members: 2, behind: words(4) },
  { it: 'a variable', kind: 14, behind: words(1) },
  { it: 'a section of two variables', kind: 15, members: 2, behind: words(6) },
  { it: 'a floating-point number', kind: 16 },
  { it: 'a tag of a declaration', kind: 17, behind: words(1) },
  { it: 'a tag of a type', kind: 18 },
  { it: 'an enumeration of two, 64 bits wide', kind: 19, members: 2, behind: words(6) },
  { it: 'a struct whose members are bit fields', kind: 0x84, members: 1, behind: words(3) },
])('$it is passed over', ({ it: _, ...type }) => {
  expect(new KernelTypes(btf([type, ...tracepoint(2)])).argumentsOf('tcp_probe')).toBe(2);
});

test('a typedef whose name is the last of all, and short', () => {
  const types = new KernelTypes(btf([...tracepoint(1), { kind: TYPEDEF, name: 'u8' }]));
  expect(types.argumentsOf('tcp_probe')).toBe(2);
});

test.for([
  { it: 'is not there', types: [] },
  { it: 'is a type of its own', types: [{ kind: TYPEDEF, name: 'tcp_probe', type: 1 }] },
  {
    it: 'is no pointer to a function',
    types: [
      { kind: 1, behind: words(1) },
      { kind: TYPEDEF, name: 'btf_trace_tcp_probe', type: 1 },
    ],
  },
  { it: 'is void', types: [{ kind: TYPEDEF, name: 'btf_trace_tcp_probe' }] },
  { it: 'has a number that no type has', types: [{ kind: TYPEDEF, name: 'btf_trace_tcp_probe', type: 99 }] },
])('of a tracepoint that $it the arguments are not known', ({ types }) => {
  expect(new KernelTypes(btf(types)).argumentsOf('tcp_probe')).toBeUndefined();
});

const whole = btf([...tracepoint(1), { kind: ENUMERATION, members: 1, name: 'reason', behind: words(2) }]);
test.for([
  { it: 'without a byte', bytes: Buffer.alloc(0) },
  { it: 'of an ELF file', bytes: Buffer.from('\x7fELF and no types at all behind it') },
  { it: 'of a big-endian machine', bytes: Buffer.from(whole).swap16().subarray(0, 24) },
  { it: 'cut within a type', bytes: whole.subarray(0, 40) },
])('types $it are refused', ({ bytes }) => {
  expect(() => new KernelTypes(bytes)).toThrow();
});

const SOURCE = `
typedef void (*btf_trace_three)(void *, int, void *, unsigned long);
typedef void (*btf_trace_none)(void *);
typedef int btf_trace_number;
enum colour { RED = 1, GREEN, BLUE = -2 };
enum later { LAST = 3 };
struct unknown;
struct one { int a : 3; union { char b; float f; } u; int list[4]; const volatile struct one *next; enum colour colour; };
int use(const struct one *restrict one, struct unknown *unknown) { return one->a + (unknown != 0); }
struct one kept;
btf_trace_three three; btf_trace_none none; btf_trace_number number; enum later later;`;

test('what clang writes of a source', (context) => {
  const missing = missingCommand(['clang', 'llvm-objcopy']);
  context.skip(missing !== undefined, `${missing} is not installed`);
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-btf-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const [object, section] = [join(directory, 'one.o'), join(directory, 'one.btf')];
  execFileSync('clang', ['-target', 'bpf', '-g', '-O1', '-x', 'c', '-', '-c', '-o', object], { input: SOURCE });
  execFileSync('llvm-objcopy', [`--dump-section=.BTF=${section}`, object]);
  const types = new KernelTypes(readFileSync(section));
  expect(['three', 'none', 'number', 'other'].map((each) => types.argumentsOf(each))).toEqual([3, 0, undefined, undefined]);
  expect([...types.namesOf('colour')]).toEqual([
    [1, 'RED'],
    [2, 'GREEN'],
    [-2, 'BLUE'],
  ]);
  expect([...types.namesOf('later')]).toEqual([[3, 'LAST']]);
  expect([...types.namesOf('other')]).toEqual([]);
});

test('the kernel that runs here', (context) => {
  context.skip(!existsSync('/sys/kernel/btf/vmlinux'), 'this kernel has no BTF');
  // include/trace/events/tcp.h: the socket and the buffer, and since Linux 6.17 the error.
  expect([2, 3]).toContain(readKernelTypes()?.argumentsOf('tcp_retransmit_skb'));
});
