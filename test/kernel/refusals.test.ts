// What is refused, and what a person is told: on a machine that cannot, and with files that are not ours or not whole.
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, expect, test } from 'vitest';
import { PREBUILT } from '../../agent/kernel/ring-source.ts';
import type { Opened } from '../support/open-kernel.ts';
import { root } from '../support/project-files.ts';

const commands = [['agent', '--collector', 'http://127.0.0.1:9', '--metrics', 'none'], ['watch', 'retransmit'], ['check']];

test.for(commands)('without BTF, %s ends with 78 and says what to do', (args, context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: a mount namespace');
  // The kernel's type information is really hidden.
  const hidden = 'mount -t tmpfs none /sys/kernel/btf && exec ./tcplens "$@"';
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', hidden, 'sh', ...args], { cwd: root, encoding: 'utf8' });
  expect(stdout + stderr).toMatch(/offers no type information \(\/sys\/kernel\/btf\/vmlinux\): use a kernel built with/);
  expect(status).toBe(78);
});

const made: string[] = [];
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

function copyOf(folder: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-refusals-'));
  made.push(directory);
  cpSync(folder, directory, { recursive: true });
  return directory;
}

function opened(prebuilt: string): Opened {
  const script = join(root, 'test/support/open-kernel.ts');
  return JSON.parse(execFileSync(process.execPath, [script, prebuilt], { encoding: 'utf8' })) as Opened;
}

/** A program of another project, with a name that one of ours has too. */
const FOREIGN = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("raw_tp/sched_switch") int sample(void *context) { return 0; }
char _license[] SEC("license") = "GPL";
`;

function compileForeign(object: string): void {
  const multiarch = execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
  const flags = ['-target', 'bpf', '-g', '-O2', `-I/usr/include/${multiarch}`, '-x', 'c', '-', '-c', '-o', object];
  execFileSync('clang', flags, { input: FOREIGN });
}

/** Builds with one more member in every row: what the checkout's loader or rows.gen.ts do not know. */
function buildOtherRows(target: string, out: string): void {
  const bpf = copyOf(join(root, 'bpf'));
  const header = join(bpf, 'rows/rows.h');
  const rows = readFileSync(header, 'utf8').replace('struct row_head {', 'struct row_head {\n\t__u64 of_another_version;');
  writeFileSync(header, rows.replaceAll(/^.*_Static_assert[^;]*;$/gm, ''));
  execFileSync('make', ['-s', '-C', bpf, `OUT=${out}`, join(out, target)], { stdio: ['ignore', 'pipe', 'pipe'] });
}

const NOT_OURS = /^open: sample\.bpf\.o is cut short, or no object of tcplens$/;
const DAMAGED = /^open: sample\.bpf\.o is damaged: its bytes do not have the checksum at its end$/;

const ZERO = '0'.charCodeAt(0);

const objects = [
  {
    it: 'that is missing',
    harm: (object: string) => rmSync(object),
    reason: /^open: sample\.bpf\.o cannot be read: ENOENT$/,
  },
  { it: 'without a byte in it', harm: (object: string) => truncateSync(object), reason: NOT_OURS },
  { it: 'that is cut short', harm: (object: string) => truncateSync(object, statSync(object).size - 1), reason: NOT_OURS },
  { it: 'with more behind its end', harm: (object: string) => appendFileSync(object, 'x'), reason: NOT_OURS },
  { it: 'that is another kind of ELF file', harm: (object: string) => copyFileSync('/bin/sh', object), reason: NOT_OURS },
  { it: 'of another project', harm: compileForeign, reason: NOT_OURS },
  { it: 'with one bit turned', harm: (object: string) => change(object, 1000, (byte) => byte ^ 1), reason: DAMAGED },
  {
    it: 'with another digit in its checksum',
    harm: (object: string) => change(object, 16, (digit) => (digit === ZERO ? ZERO + 1 : ZERO)),
    reason: DAMAGED,
  },
  {
    it: 'built for other rows',
    harm: (object: string) => buildOtherRows('sample.bpf.o', join(object, '..')),
    reason: /^open: sample\.bpf\.o was built from other sources than the agent: run make gen bpf$/,
  },
];

function change(file: string, bytes_from_end: number, changed: (byte: number) => number): void {
  const bytes = readFileSync(file);
  const index = bytes.length - bytes_from_end;
  bytes.writeUInt8(changed(bytes.readUInt8(index)), index);
  writeFileSync(file, bytes);
}

test.for(objects)('an object $it is refused with the reason; the others go on', ({ harm, reason }, context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: BPF');
  const prebuilt = copyOf(PREBUILT);
  harm(join(prebuilt, 'sample.bpf.o'));
  const { hooks, refusal } = opened(prebuilt);
  expect(refusal).toBeUndefined();
  expect(hooks.find(({ name }) => name === 'sample')).toEqual({ name: 'sample', attached: false, reason: expect.stringMatching(reason) });
  expect(hooks.filter(({ attached }) => !attached).map(({ name }) => name)).toEqual(['sample', 'sample_netns']);
});

const LOADER = `linux-${process.arch}/libtcplens.so`;
const loaders = [
  { it: 'without a byte in it', harm: (loader: string) => truncateSync(loader), reason: 'is cut short, or no object of tcplens' },
  { it: 'that is cut short', harm: (loader: string) => truncateSync(loader, 5000), reason: 'is cut short, or no object of tcplens' },
  { it: 'with garbage in its code', harm: garble, reason: 'is damaged: its bytes do not have the checksum at its end' },
  {
    it: 'built for other rows',
    harm: (loader: string) => buildOtherRows(LOADER, join(loader, '../..')),
    reason: 'was built from other sources than the agent: run make gen bpf',
  },
];

function garble(file: string): void {
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0xa5, 20_000, 22_000));
}

test.each(loaders)('a loader $it is refused before anything of it runs', ({ harm, reason }) => {
  const prebuilt = copyOf(PREBUILT);
  harm(join(prebuilt, LOADER));
  expect(opened(prebuilt).refusal).toEqual({
    code: 'loader_unusable',
    message: `the loader cannot be used: libtcplens.so ${reason}. Install tcplens again, or run make bpf where it was built`,
  });
});
