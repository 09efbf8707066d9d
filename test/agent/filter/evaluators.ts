// Both evaluations of a filter side by side: the tree's, and the kernel's of what the tree compiles to.
import { compileFilter } from '../../../agent/filter/compile.ts';
import type { KernelFilter as Filter } from '../../../agent/filter/parse.ts';
import { markRows, type RecordedNames } from '../../../agent/filter/recorded.ts';
import { HEAD_AT, type Kind } from '../../../bpf/rows/rows.gen.ts';
import type { KernelFilter } from '../../support/kernel-filter.ts';

export type Row = { kind: Kind; row: Uint8Array };

export function byTree(filter: Filter, names: RecordedNames, rows: readonly Row[]): boolean[] {
  return rows.map(({ kind, row }) => {
    markRows([filter], names, kind, row, () => {});
    return Buffer.from(row).readUInt32LE(HEAD_AT.filters) === 1;
  });
}

export function byKernel(kernel: KernelFilter, filter: Filter, rows: readonly Row[]): boolean[] {
  return kernel(compileFilter(filter, '', 1n), rows);
}
