// `node test/bench/tally.ts`: what counting a row takes in TypeScript over a drained buffer, beside the loader's C over the same rows,
// those of the committed recordings. Prints CPU ns a row; bpf/loader/README.md says what follows from it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { PLANS } from '../../agent/metrics/tally-plans.ts';
import { tallyProgram } from '../../agent/metrics/tally-program.ts';
import { KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { compileC } from '../support/compile-c.ts';
import { root } from '../support/project-files.ts';
import { readRecordings } from './recorded-rows.ts';
import { RowTally } from './tally/row-tally.ts';

/** As an agent has it. */
const OPTIONS = { port: true, comm: false, ephemeral_from: 32_768, max: 1000 };
const SOURCES = ['tally', 'tally_check', 'tally_groups', 'tally_terms', 'row_size'].map((name) => join(root, `bpf/loader/${name}.c`));
const BUFFER_BYTES = 1024 * 1024;
const WARM_UP = 20;
const ROUNDS = 300;

const recordings = readRecordings();

/** A full buffer of what the recordings have of a kind, over and over. */
function bufferOf(kind: Kind): Uint8Array {
  const { size } = KINDS[kind];
  const recorded = recordings.flatMap(({ frames }) => frames.filter((frame) => frame.kind === kind).map(({ rows }) => rows));
  return new Uint8Array(Buffer.alloc(Math.floor(BUFFER_BYTES / size) * size, Buffer.concat(recorded)));
}

function nsInTypeScript(kind: Kind, rows: Uint8Array): number {
  const tally = new RowTally(OPTIONS);
  for (let round = 0; round < WARM_UP; round++) tally.count(kind, rows);
  const warm = tally.rows;
  const from = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) tally.count(kind, rows);
  const { user, system } = process.cpuUsage(from);
  return ((user + system) * 1000) / (tally.rows - warm);
}

const directory = mkdtempSync(join(tmpdir(), 'tcplens-tally-'));
try {
  const program = compileC(join(root, 'test/bench/tally/count.c'), directory, SOURCES);
  console.log('kind        TypeScript ns     C ns  of C');
  for (const kind of KIND.filter((each) => PLANS.some((plan) => plan.kind === each))) {
    const rows = bufferOf(kind);
    const ours = nsInTypeScript(kind, rows);
    const input = Buffer.concat([tallyProgram(OPTIONS), rows]);
    const theirs = Number(execFileSync(program, [String(KINDS[kind].index), String(ROUNDS)], { input }).toString());
    console.log(
      `${kind.padEnd(12)}${ours.toFixed(1).padStart(13)}${theirs.toFixed(1).padStart(9)}${(ours / theirs).toFixed(2).padStart(6)}`,
    );
  }
} finally {
  rmSync(directory, { recursive: true });
}
