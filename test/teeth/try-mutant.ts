// Applies one mutant, runs its suite, and restores the source.
import ts from 'typescript';
import { build, refusal } from './build.ts';
import { judge } from './judge.ts';
import { type Mutant, mutate } from './mutant.ts';
import type { Tree } from './tree.ts';

export type Tried = {
  /** `invalid`: the mutant does not apply, compile or load, or its suite fails without it, so it proves nothing */
  fate: 'killed' | 'survived' | 'timeout' | 'invalid';
  ms: number;
  detail: string;
};

const messageOf = (error: unknown): string => {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  return text.split('\n').find((line) => /error/i.test(line)) ?? text;
};

/** A file with a syntax error would fail every test, so it proves nothing. */
function checkSyntax(text: string, fileName: string): void {
  const { diagnostics = [] } = ts.transpileModule(text, { fileName, reportDiagnostics: true });
  const [first] = diagnostics;
  if (first) throw new Error(`error: ${ts.flattenDiagnosticMessageText(first.messageText, ' ')}`);
}

/** Puts the mutant into the copy, and builds it if its suite needs that. Returns a function that undoes this. */
function apply(tree: Tree, mutant: Mutant): () => void {
  const { file, suite } = mutant;
  const text = mutate(tree.read(file), mutant);
  if (file.endsWith('.ts')) checkSyntax(text, file);
  tree.write(file, text);
  let unbuild = () => {};
  const takeBack = () => {
    tree.restore(file);
    unbuild();
  };
  try {
    if (suite.kernel && /\.[ch]$/.test(file)) unbuild = build(tree, file);
    const refused = suite.kernel && /\.bpf\.[ch]$/.test(file) && refusal(tree);
    if (refused) throw new Error(`the kernel refuses it: ${refused}`);
    return takeBack;
  } catch (error) {
    takeBack();
    throw error;
  }
}

export async function tryMutant(tree: Tree, mutant: Mutant, timeout_ms: number): Promise<Tried> {
  const begun = Date.now();
  let takeBack: () => void;
  try {
    takeBack = apply(tree, mutant);
  } catch (error) {
    return { fate: 'invalid', ms: Date.now() - begun, detail: messageOf(error) };
  }
  try {
    const { outcome, detail } = await judge(tree, mutant.suite, timeout_ms);
    const fate = ({ passed: 'survived', failed: 'killed', timeout: 'timeout', empty: 'invalid' } as const)[outcome];
    return { fate, ms: Date.now() - begun, detail: fate === 'survived' ? '' : detail };
  } finally {
    takeBack();
  }
}
