// The kernel's evaluation of filters, compiled for this machine: the same C, fed with the heads and facts that the BPF
// programs would make of a row.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Column, FILTER_WORDS, HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { compileC, SANITIZED } from './compile-c.ts';
import { root } from './project-files.ts';

const HEAD_BYTES = HEAD_AT.filters + 4;
const FACTS_BYTES = 16;
const FACTS_AT = FILTER_WORDS.class.offset;

type Rows = readonly { kind: Kind; row: Uint8Array }[];
export type KernelFilter = (program: Uint8Array, rows: Rows) => boolean[];
export type KernelFilters = (asked: readonly { program: Uint8Array; rows: Rows }[]) => boolean[][];

/** Compiles it into `directory`, which the caller removes. */
export function kernelFilter(directory: string): KernelFilter {
  const answer = kernelFilters(directory);
  return (program, rows) => answer([{ program, rows }])[0] ?? [];
}

/** The same for many programs at once, each over rows of its own. */
export function kernelFilters(directory: string): KernelFilters {
  const path = compileC(join(root, 'test/bpf/rows/filter-eval.c'), directory, SANITIZED);
  return (asked) => {
    const { status, stdout, stderr } = spawnSync(path, { input: Buffer.concat(asked.map(inputOf)), encoding: 'latin1' });
    const wanted = asked.reduce((sum, { rows }) => sum + rows.length, 0);
    if (status !== 0 || stdout.length !== wanted)
      throw new Error(`filter-eval ended with ${status} after ${stdout.length} rows: ${stderr}`);
    let at = 0;
    return asked.map(({ rows }) => rows.map(() => stdout[at++] === '1'));
  };
}

function inputOf({ program, rows }: { program: Uint8Array; rows: Rows }): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(rows.length);
  return Buffer.concat([program, count, ...rows.map(({ kind, row }) => headOf(kind, row))]);
}

/** A row's head, and behind it the members of its kind that filters know, as a struct filter_facts has them. */
function headOf(kind: Kind, row: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + FACTS_BYTES);
  bytes.set(row.subarray(0, HEAD_BYTES));
  const columns: readonly Column[] = KINDS[kind].columns;
  for (const [name, { offset }] of Object.entries(FILTER_WORDS)) {
    const column = columns.find((candidate) => candidate.name === name);
    if (offset < FACTS_AT || offset >= FACTS_AT + FACTS_BYTES || column === undefined) continue;
    bytes.set(row.subarray(column.offset, column.offset + column.size), HEAD_BYTES + offset - FACTS_AT);
  }
  return bytes;
}
