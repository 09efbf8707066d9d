// An answer as CSV (RFC 4180), for a spreadsheet.
import { escapeControls } from '../../agent/process/terminal-text.ts';
import type { Explored } from '../api/explore.ts';

export function csvOf({ columns, rows }: Pick<Explored, 'columns' | 'rows'>): string {
  const lines = [columns.map(({ name }) => name), ...rows];
  return lines.map((line) => `${line.map(cellOf).join(',')}\r\n`).join('');
}

/** A distribution is written as `µs:count` pairs with blanks between them; µs is the upper bound of a bucket. */
function cellOf(value: Explored['rows'][number][number]): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map((pair) => pair.join(':')).join(' ');
  if (typeof value !== 'string') return String(value);
  // A spreadsheet would run a text that begins like this as a formula. Names come from hosts, so they may be hostile.
  const text = escapeControls(/^[=+\-@]/.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
