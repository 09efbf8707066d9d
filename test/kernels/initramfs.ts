// All that a guest needs, as one archive: the checkout's own files, Node, busybox, tc and the libraries they load.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { root } from '../support/project-files.ts';
import { missingCommand, runCommand } from '../support/run-command.ts';
import { cpio, type Entry, FILE, PROGRAM } from './cpio.ts';

/** What the kernel side of the agent imports from others. */
const PACKAGES = ['ffi-rs', `@yuuang/ffi-rs-${process.platform}-${process.arch}-gnu`];
const PROJECT_FILES = [
  'package.json',
  'agent/**/*.ts',
  'bpf/rows/*.ts',
  'bpf/prebuilt/{*.o,linux-x64/*.so}',
  'test/kernels/*.ts',
  'test/support/*.ts',
];
const MOUNT_POINTS = ['proc', 'sys', 'dev', 'tmp', 'run/netns', 'modules'];

const COMMANDS = ['busybox', 'tc'] as const;

/** Why no guest can be put together on this machine; empty where it can. */
export function whyNoGuest(): string {
  if (process.platform !== 'linux' || process.arch !== 'x64') return `the guests run this machine's Node, which is not for Linux x64`;
  const missing = missingCommand([...COMMANDS, 'ldd', 'qemu-system-x86_64']);
  return missing === undefined ? '' : `${missing} is not installed`;
}

function pathOf(command: string): string {
  return runCommand('sh', ['-c', 'command -v "$0"', command]).stdout.trim();
}

/** Paths of the shared libraries that a program or library loads; none for a static one. */
function librariesOf(path: string): string[] {
  const { stdout } = runCommand('ldd', [path]);
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map((match) => match[1] ?? '');
}

function entry(path: string, from: string): Entry {
  const mode = /^(bin|lib|lib64|usr)\/|^init$/.test(path) ? PROGRAM : FILE;
  return { path, mode, content: readFileSync(from) };
}

/** Writes the archive for one kernel to `path`; `modules` are inserted in their order before the guest starts. */
export function writeInitramfs(path: string, modules: readonly string[]): void {
  const project = globSync([...PROJECT_FILES, ...PACKAGES.map((name) => `node_modules/${name}/**/*.{js,json,node}`)], { cwd: root });
  const programs = [{ path: 'bin/node', from: process.execPath }, ...COMMANDS.map((name) => ({ path: `bin/${name}`, from: pathOf(name) }))];
  const native = project.filter((name) => /\.(so|node)$/.test(name)).map((name) => join(root, name));
  const libraries = new Set([...programs.map(({ from }) => from), ...native].flatMap(librariesOf));
  const files = [
    entry('init', join(import.meta.dirname, 'init')),
    ...programs.map(({ path, from }) => entry(path, from)),
    ...[...libraries].map((library) => entry(library.slice(1), library)),
    ...project.map((name) => entry(`tcplens/${name}`, join(root, name))),
    ...modules.map((module, index) => entry(`modules/${index}-${basename(module)}`, module)),
  ];
  writeFileSync(path, cpio(files, MOUNT_POINTS));
}
