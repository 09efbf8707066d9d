// Rows that programs write only where a filter asks for them.
import type { Kind } from '../../bpf/rows/rows.gen.ts';

export const DETAIL_KINDS = ['stack', 'progress', 'packet'] as const satisfies readonly Kind[];
export type DetailKind = (typeof DETAIL_KINDS)[number];

export function isDetail(kind: Kind): kind is DetailKind {
  return DETAIL_KINDS.some((detail) => detail === kind);
}

/** How closely an investigation looks: which of these kinds it asks for. Each level shows what the ones before it do. */
export const DETAIL = {
  rows: [],
  stacks: ['stack'],
  progress: ['stack', 'progress'],
  packets: ['stack', 'progress', 'packet'],
} as const satisfies Record<string, readonly DetailKind[]>;
export type Detail = keyof typeof DETAIL;
export const DETAILS = Object.keys(DETAIL) as Detail[];
