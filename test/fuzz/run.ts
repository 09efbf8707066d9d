// `make fuzz`: every target for FUZZ_SECONDS, one after the other. ONLY names some of them, with commas. Prints a table; what a run has learned
// lies in .data/fuzz for the next one, and with it the inputs that failed.
import { join } from 'node:path';
import process from 'node:process';
import { root } from '../support/project-files.ts';
import { C_TARGETS, runC, whyNoFuzzer } from './c-targets.ts';
import { JS_TARGETS, runJs } from './js-targets.ts';
import { cellsOf, HEADINGS, type Result, type RunOptions, tableLine } from './result.ts';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 600);
const only = (process.env['ONLY'] ?? '').split(',').filter((name) => name !== '');
const seed = Math.floor(Math.random() * 2 ** 31);

type Run = { name: string; run(options: RunOptions): Promise<Result> };

const missing = whyNoFuzzer();
const inC = C_TARGETS.map((name): Run => ({ name: `c-${name}`, run: (options) => runC(name, options) }));
const inJs = JS_TARGETS.map((name): Run => ({ name, run: (options) => runJs(name, options) }));
const all = [...(missing === undefined ? inC : []), ...inJs];
const unknown = only.filter((name) => !all.some((one) => one.name === name));

if (missing !== undefined) console.log(`without the targets in C: ${missing}`);
if (unknown.length > 0) {
  console.error(`no target ${unknown.join(', ')}: there are ${all.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
console.log(`seed ${seed}, ${seconds} s each\n${tableLine(HEADINGS)}`);
for (const { name, run } of all.filter((one) => only.length === 0 || only.includes(one.name))) {
  const result = await run({ seconds, seed, folder: join(root, '.data/fuzz', name) });
  console.log(tableLine(cellsOf(name, result)));
  if (result.crashes.length === 0 && result.said === '') continue;
  console.log(
    `${result.said}\n${result.crashes.join('\n')}\nmake it a case: copy it to test/fuzz/corpus/${name.replace(/^c-/, '')}/ under a name that says what is wrong`,
  );
  process.exitCode = 1;
}
