// Journals as text, for tests that put them there.
import { crc32 } from 'node:zlib';
import { firstLine, formatLine } from '../../../agent/durable/journal-lines.ts';

/** A journal of these values that was not closed. */
export function journalText(format: string, values: readonly unknown[]): string {
  return firstLine(format) + values.map((value, index) => formatLine(index + 2, value)).join('');
}

/** The journal with one more line. */
export function withLine(journal: string, value: unknown): string {
  return journal + formatLine(journal.split('\n').length, value);
}

/** A journal as versions wrote it before lines had numbers. */
export function unnumberedText(values: readonly unknown[]): string {
  const lines = values.map((value) => JSON.stringify(value));
  return lines.map((json) => `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`).join('');
}
