// Rows that exist only where somebody asks for them: their programs are attached while a filter does, and write of nothing else.
import type { Kind } from '../../bpf/rows/rows.gen.ts';

export const DETAIL_KINDS = ['progress', 'packet'] as const satisfies readonly Kind[];
export type DetailKind = (typeof DETAIL_KINDS)[number];

export function isDetail(kind: Kind): kind is DetailKind {
  return DETAIL_KINDS.some((detail) => detail === kind);
}
