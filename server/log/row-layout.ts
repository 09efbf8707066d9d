// The layout of a segment's rows, and how they become rows of this version.
import type { Conversion } from '../../bpf/rows/layout.ts';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';

export type Rows = {
  /** Bytes of a row without its trailer. */
  size: number;
  isCurrent: boolean;
  /** The same rows in this version's layout. */
  own: (rows: Buffer) => Buffer;
};

/** Undefined where the layout is not known. @param conversion finds how rows of a schema are converted */
export function rowsOf(kind: Kind, schema: string, conversion: (schema: string) => Conversion | undefined): Rows | undefined {
  const current = KINDS[kind];
  if (schema === current.schema) return { size: current.size, isCurrent: true, own: (rows) => rows };
  const known = conversion(schema);
  return known && { size: known.size, isCurrent: false, own: (rows) => Buffer.from(known.convert(rows, new Map())) };
}
