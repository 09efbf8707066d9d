// An answer as CSV (RFC 4180), for a spreadsheet.
import { escapeControls } from '../../agent/process/terminal-text.ts';
import type { Explored } from '../api/explore.ts';

export function csvOf({ columns, rows }: Pick<Explored, 'columns' | 'rows'>): string {
  const lines = [columns.map(({ name }) => name), ...rows];
  return lines.map((line) => `${line.map(cellOf).join(',')}\r\n`).join('');
}

/** A distribution as `largest µs:count`, with blanks between them. */
function cellOf(value: Explored['rows'][number][number]): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map((pair) => pair.join(':')).join(' ');
  if (typeof value !== 'string') return String(value);
  // Hosts name things: a spreadsheet takes what begins like this for a formula.
  const text = escapeControls(/^[=+\-@]/.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
