// Rows as lines of JSON with every member. Pure. Anyone who runs a program chooses names in rows, so control characters are escaped.
import type { Kind, Rows } from '../../bpf/rows/rows.gen.ts';
import { escapeControls } from '../process/terminal-text.ts';

export type Row = Rows[Kind];

/** One JSON object with the members of rows.h in their order; times and ids as strings, since they exceed 2^53. */
export function rowJson(row: Row): string {
  // JSON.stringify escapes only the controls below U+0020.
  return escapeControls(JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)));
}
