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

/** `user_stacks`: stacks also say the functions of the process, where its own system call led to the event. */
export type Look = { detail: Detail; user_stacks: boolean };

export function hasStacks(detail: Detail): boolean {
  const kinds: readonly DetailKind[] = DETAIL[detail];
  return kinds.includes('stack');
}

/** Why this combination is not possible; undefined: it is. */
export function lookProblem({ detail, user_stacks }: Look): string | undefined {
  if (!user_stacks || hasStacks(detail)) return undefined;
  return `stacks of processes come with those of the kernel, which detail ${detail} does not have: ask for ${DETAILS.filter(hasStacks).join(', ')}`;
}

/** The look in words, for people. */
export function lookWords({ detail, user_stacks }: Look): string {
  return user_stacks ? `${detail}, with stacks of processes` : detail;
}
