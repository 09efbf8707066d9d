// Layouts and rows of other versions of tcplens, made from this one: columns are removed, added, renamed, narrowed, widened and moved. The
// bytes of rows are composed column by column here, independently of the code that reads them.
import { type Layout, layoutOf, UNKNOWN } from '../../../bpf/rows/layout.ts';
import type { LayoutColumn } from '../../../bpf/rows/layout-steps.ts';
import { KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { schemaOf } from '../../../bpf/rows/schema.ts';

const HEAD = new Set(['time_ns', 'host_id', 'kind']);
const NARROWER: Record<string, [type: string, size: number]> = { UInt64: ['UInt32', 4], UInt32: ['UInt16', 2] };
const WIDER: Record<string, [type: string, size: number]> = { UInt32: ['UInt64', 8], UInt16: ['UInt32', 4], UInt8: ['UInt16', 2] };

/** The changes of columns; the n-th column gets the n-th of these. Over all seeds each column gets each change. */
const CHANGES: ((column: LayoutColumn) => LayoutColumn[])[] = [
  (column) => [column],
  () => [],
  (column) => [column, { name: `${column.name}_more`, offset: 0, size: 4, type: 'UInt32' }],
  (column) => [{ ...column, name: `${column.name}_once` }],
  (column) => resized(column, NARROWER),
  (column) => resized(column, WIDER),
];

function resized(column: LayoutColumn, types: typeof NARROWER): LayoutColumn[] {
  const [type, size] = types[column.type] ?? [column.type, column.size];
  return [{ ...column, type, size }];
}

/** A layout of another version: columns in reverse order, without padding. */
export function otherLayout(kind: Kind, seed: number): Layout {
  const own = layoutOf(kind).columns.filter(({ name }) => name !== 'pad');
  const changed = own.flatMap((column, index) => {
    const change = HEAD.has(column.name) ? undefined : CHANGES[(index + seed) % CHANGES.length];
    return change ? change(column) : [column];
  });
  let size = 0;
  const columns = changed.reverse().map((column) => {
    const offset = size;
    size += column.size;
    return { name: column.name, offset, size: column.size, type: column.type };
  });
  return { kind, schema: schemaOf({ kind, columns }, 1), size, columns };
}

/** This version's rows in the other version's layout. Values must fit into its columns. */
export function inLayout(rows: Buffer, kind: Kind, layout: Layout): Buffer {
  const own = new Map(layoutOf(kind).columns.map((column) => [column.name, column]));
  const count = rows.length / KINDS[kind].size;
  const other = Buffer.alloc(count * layout.size);
  for (let row = 0; row < count; row++) {
    for (const { name, offset, size } of layout.columns) {
      const from = own.get(name);
      const to = row * layout.size + offset;
      if (!from) other.fill(0x77, to, to + size);
      else rows.copy(other, to, row * KINDS[kind].size + from.offset, row * KINDS[kind].size + from.offset + Math.min(size, from.size));
    }
  }
  return other;
}

/** The rows that this version should get in the end: without the values of columns that the other version lacks. */
export function withoutMissing(rows: Buffer, kind: Kind, layout: Layout): Buffer {
  const { size, columns } = KINDS[kind];
  const known = new Set(layout.columns.map(({ name }) => name));
  const expected = Buffer.from(rows);
  for (let at = 0; at < rows.length; at += size) {
    for (const { name, offset, size: length } of columns) {
      if (known.has(name)) continue;
      expected.fill(0, at + offset, at + offset + length);
      const unknown = UNKNOWN[name];
      if (unknown !== undefined) expected.writeUInt32LE(unknown, at + offset);
    }
  }
  return expected;
}
