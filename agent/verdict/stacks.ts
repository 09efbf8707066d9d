// The kernel's stacks of an investigation, each once: how often which call path led to which event.
import type { Kind, Rows } from '../../bpf/rows/rows.gen.ts';

/** Kinds of rows that have stacks; of packets, only those that announce a zero window. */
export const STACKED_KINDS = ['drop', 'reset', 'retransmit', 'packet'] as const satisfies readonly Kind[];
type Stacked = (typeof STACKED_KINDS)[number];

export type StackGroup = {
  host_id: bigint;
  about: Stacked;
  /** what happened, in the kernel's words */
  what: string;
  /** names of the kernel's functions, the innermost first; empty where the host hides them */
  functions: readonly string[];
  /** of the process, likewise; empty where its own system call did not lead there, or nobody asked for them */
  user_functions: readonly string[];
  /** events */
  rows: number;
};

const WORDS: Record<Stacked, (row: Rows['stack']) => string> = {
  drop: (row) => `${row.about_meaning} ${reasonOf(row)}`.trimEnd(),
  reset: (row) => `${row.about_direction} ${reasonOf(row)}`.trimEnd(),
  retransmit: (row) => `${row.about_class} ${row.about_outcome}`,
  packet: (row) => `${row.about_direction} a zero window`,
};

/** The most frequent first. Pure. */
export function stacksOf(rows: readonly Rows['stack'][]): StackGroup[] {
  const groups = new Map<string, StackGroup>();
  for (const row of rows) {
    const { host_id } = row;
    const about = STACKED_KINDS.find((kind) => kind === row.about);
    if (about === undefined) continue;
    const what = WORDS[about](row);
    const key = `${host_id} ${about} ${what} ${row.stack}\n${row.user_stack}`;
    const group = groups.get(key) ?? { host_id, about, what, ...functionsOf(row), rows: 0 };
    groups.set(key, { ...group, rows: group.rows + 1 });
  }
  return [...groups.values()].toSorted((one, other) => other.rows - one.rows);
}

const reasonOf = ({ about_reason, about_reason_code }: Rows['stack']) =>
  about_reason || (about_reason_code === 0 ? '' : `reason ${about_reason_code}`);

const functionsOf = ({ stack, user_stack }: Rows['stack']) => ({ functions: namesIn(stack), user_functions: namesIn(user_stack) });
const namesIn = (stack: string): string[] => stack.split(' ').filter(Boolean);
