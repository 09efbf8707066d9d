// One target's loop, a process of its own: node fuzz.ts NAME SECONDS SEED FOLDER. Inputs are made of those that have run something new. The last
// input lies in FOLDER/last while it runs, so whoever watches has it should this process hang or die. Prints a `JsResult` as JSON.
import { ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Dice } from '../../faults/dice.ts';
import { corpusOf } from '../corpus.ts';
import { Coverage } from './coverage.ts';
import { INPUT_BYTES_MAX, mutator } from './mutate.ts';
import { Found, type Target } from './target.ts';

export type JsResult = { executions: number; kept: number; covered_by_seeds: number; covered: number };

/** Runs between two looks at the coverage, which take longer than most runs. */
const AT_ONCE = 64;
/** Of the processor, for one input: hundreds of times what any takes that is not searched again and again. */
const INPUT_MS_MAX = 3000;
const RSS_BYTES_MAX = 1.5 * 2 ** 30;

class Fuzzer {
  readonly #target: Target;
  readonly #coverage: Coverage;
  readonly #last: number;
  executions = 0;

  constructor(target: Target, coverage: Coverage, folder: string) {
    this.#target = target;
    this.#coverage = coverage;
    this.#last = openSync(join(folder, 'last'), 'w');
  }

  async run(input: Uint8Array): Promise<void> {
    ftruncateSync(this.#last);
    writeSync(this.#last, input, 0, input.length, 0);
    this.executions++;
    const [began, used] = [performance.now(), process.cpuUsage()];
    await this.#target.run(input);
    if (performance.now() - began < INPUT_MS_MAX) return;
    const { user, system } = process.cpuUsage(used);
    if (user + system > INPUT_MS_MAX * 1000) throw new Error(`took ${(user + system) / 1e6} s of the processor`);
  }

  /** Those of `inputs` that run something new. */
  async runAll(inputs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    for (const input of inputs) await this.run(input);
    this.#target.flush?.();
    const { rss } = process.memoryUsage();
    if (rss > RSS_BYTES_MAX) throw new Error(`${Math.round(rss / 2 ** 20)} MiB of memory are in use`);
    if (this.#coverage.look(false) === 0) return [];
    const fresh: Uint8Array[] = [];
    for (const input of inputs) {
      await this.run(input);
      if (this.#coverage.look(true) > 0) fresh.push(input);
    }
    this.#target.flush?.();
    return fresh;
  }
}

async function fuzz(name: string, seconds: number, seed: number, folder: string): Promise<JsResult> {
  const kept = join(folder, 'corpus');
  mkdirSync(kept, { recursive: true });
  const path = new URL(`targets/${name}.ts`, import.meta.url).href;
  const coverage = new Coverage();
  const { target } = (await import(path)) as { target: Target };
  coverage.covers = target.covers;
  const fuzzer = new Fuzzer(target, coverage, folder);
  const seeds = [...target.seeds(), ...corpusOf(name).map(({ bytes }) => bytes)];
  const earlier = readdirSync(kept).map((file) => readFileSync(join(kept, file)));
  await fuzzer.runAll(seeds);
  const covered_by_seeds = coverage.size;
  // What is larger is a case of its own, and nothing to begin with.
  const inputs = [...seeds, ...(await fuzzer.runAll(earlier))].filter(({ length }) => length <= INPUT_BYTES_MAX);
  const dice = new Dice(seed);
  const mutateBytes = mutator(dice, () => inputs, target.words ?? []);
  const mutate = (bytes: Uint8Array) => target.mutate?.(bytes, mutateBytes, dice) ?? mutateBytes(bytes);
  const until = performance.now() + seconds * 1000;
  let found = 0;
  while (performance.now() < until) {
    const made = Array.from({ length: AT_ONCE }, () => mutate(dice.chance(0.5) ? dice.pick(inputs.slice(-20)) : dice.pick(inputs)));
    for (const input of await fuzzer.runAll(made)) {
      inputs.push(input);
      writeFileSync(join(kept, `${seed}-${found++}`), input);
    }
  }
  return { executions: fuzzer.executions, kept: found, covered_by_seeds, covered: coverage.size };
}

if (import.meta.main) {
  const [name = '', seconds = '', seed = '', folder = ''] = process.argv.slice(2);
  try {
    process.stdout.write(`${JSON.stringify(await fuzz(name, Number(seconds), Number(seed), folder))}\n`);
  } catch (error) {
    if (error instanceof Found) writeFileSync(join(folder, 'last'), error.input);
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  }
}
