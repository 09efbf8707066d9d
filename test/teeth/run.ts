// Tests the tests: makes one small fault after the other in a copy of the project, and runs the tests that must notice it. `--only PATTERN`
// selects mutants by folder, file or reason; `--shard 1/3` every third one.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { judge, type Verdict } from './judge.ts';
import { FOLDERS, type Folder, type Mutant, type Suite } from './mutant.ts';
import { type Judged, report } from './report.ts';
import { MUTANTS } from './table.ts';
import { Tree } from './tree.ts';
import { type Tried, tryMutant } from './try-mutant.ts';

const BASELINE_MS_MAX = 300_000;
/** A suite that takes this many times longer with a mutant counts as failed. */
const SLOWER = 5;
const MS_MIN = 60_000;

type Chosen = { folder: Folder; mutant: Mutant };

function choose({ only, shard }: { only: string; shard: string }): Chosen[] {
  const [k = 1, n = 1] = shard.split('/').map(Number);
  const pattern = new RegExp(only, 'i');
  const all = FOLDERS.flatMap((folder) => MUTANTS[folder].map((mutant) => ({ folder, mutant })));
  return all
    .filter(({ folder, mutant: { file, why } }) => pattern.test(`${folder} ${file}: ${why}`))
    .filter((_, index) => index % n === k - 1);
}

/** The results of suites without mutants: a mutant proves nothing if its suite fails without it. A failure is checked by a second run. */
class Baselines {
  readonly #known = new Map<string, Verdict>();
  readonly #tree: Tree;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  async of(suite: Suite): Promise<Verdict> {
    const key = JSON.stringify(suite);
    let known = this.#known.get(key) ?? (await judge(this.#tree, suite, BASELINE_MS_MAX));
    if (known.outcome === 'failed' || known.outcome === 'timeout') known = await judge(this.#tree, suite, BASELINE_MS_MAX);
    this.#known.set(key, known);
    return known;
  }
}

async function tryOne(tree: Tree, baselines: Baselines, mutant: Mutant): Promise<Tried> {
  const { outcome, ms, detail } = await baselines.of(mutant.suite);
  if (outcome !== 'passed') return { fate: 'invalid', ms, detail: `its suite does not pass without it: ${outcome}, ${detail}` };
  return tryMutant(tree, mutant, Math.max(MS_MIN, SLOWER * ms));
}

const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, shard: { type: 'string', default: '1/1' } } });
const tree = new Tree();
process.once('exit', tree.remove);
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code));
const judged: Judged[] = [];
const baselines = new Baselines(tree);
for (const { folder, mutant } of choose(values)) {
  const tried = await tryOne(tree, baselines, mutant);
  judged.push({ folder, mutant, ...tried });
  console.log(`${tried.fate.padEnd(8)} ${mutant.file}: ${mutant.why} (${(tried.ms / 1000).toFixed(1)} s) ${tried.detail.slice(0, 160)}`);
}
console.log(report(judged));
process.exitCode = judged.length > 0 && judged.every(({ fate }) => fate === 'killed' || fate === 'timeout') ? 0 : 1;
