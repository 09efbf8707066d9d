// Builds the objects, or the loader, that contain a mutated C source, and nothing else.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { lacking } from '../support/hooks.ts';
import type { Opened } from '../support/open-kernel.ts';
import { root } from '../support/project-files.ts';
import type { Tree } from './tree.ts';

const LOADER = 'prebuilt/linux-x64/libtcplens.so';
const bpf = join(root, 'bpf');

/** The source and all headers of the project that it includes, directly or indirectly. */
function closure(source: string, found = new Set<string>()): Set<string> {
  found.add(source);
  const text = readFileSync(join(bpf, source), 'utf8');
  for (const [, included = ''] of text.matchAll(/^#include "([^"]+)"$/gm)) {
    const header = join(dirname(source), included);
    if (!found.has(header)) closure(header, found);
  }
  return found;
}

/** The make targets that depend on a file of bpf/. */
function targetsOf(file: string): string[] {
  const sources = globSync('{programs,loader}/*.c', { cwd: bpf });
  const of = (source: string) => (source.endsWith('.bpf.c') ? `prebuilt/${basename(source, '.bpf.c')}.bpf.o` : LOADER);
  return [...new Set(sources.filter((source) => closure(source).has(relative('bpf', file))).map(of))];
}

/** The checksum of shared headers in objects and loader. A mutant is built with the old one, so that it fits to what is not built again. */
function sealOf(): string {
  const object = readFileSync(join(bpf, 'prebuilt/io.bpf.o'), 'latin1');
  return /tcplens object [0-9a-f]{64} ([0-9a-f]{8})\n$/.exec(object)?.[1] ?? '';
}

/** Builds in the copy. Returns a function that restores the prebuilt files. Throws the compiler's error. */
export function build(tree: Tree, file: string): () => void {
  const targets = targetsOf(file);
  const cwd = join(tree.path, 'bpf');
  execFileSync('make', ['--always-make', '--jobs=2', `SHARED=${sealOf()}`, ...targets], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  return () => {
    for (const target of targets) tree.restore(join('bpf', target));
  };
}

/** Why the kernel refuses the copy's programs; undefined if it does not. A mutant that is refused proves nothing, as it never runs. */
export function refusal(tree: Tree): string | undefined {
  const open = join(tree.path, 'test/support/open-kernel.ts');
  const answer = execFileSync(process.execPath, [open, join(tree.path, 'bpf/prebuilt')], { encoding: 'utf8' });
  const { hooks, refusal } = JSON.parse(answer) as Opened;
  if (refusal !== undefined) return refusal.message;
  // Not the mutant's fault: hooks for which another program stands in on this kernel are refused without it, too.
  const refused = lacking(hooks);
  return refused && `${refused.name}: ${refused.reason}`;
}
