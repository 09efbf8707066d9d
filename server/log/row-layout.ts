// How rows of a segment lie, and how they become this version's.
import type { Conversion } from '../../bpf/rows/layout.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';

export type Rows = {
  /** bytes of a row without its trailer */
  size: number;
  isCurrent: boolean;
  /** The same rows in this version's layout. */
  own: (rows: Buffer) => Buffer;
};

/** Undefined where nobody knows the layout. @param conversion of the schema */
export function rowsOf(kind: Kind, schema: string, conversion: (schema: string) => Conversion | undefined): Rows | undefined {
  const current = KINDS[kind];
  if (schema === current.schema) return { size: current.size, isCurrent: true, own: (rows) => rows };
  const known = conversion(schema);
  return known && { size: known.size, isCurrent: false, own: (rows) => Buffer.from(known.convert(rows, new Map())) };
}
