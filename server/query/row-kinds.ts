// The columns of rows, for people, with their descriptions from rows.h.
import { type Column, HEAD_AT, KINDS } from '../../bpf/rows/rows.gen.ts';
import { RowKinds } from '../api/row-kinds.ts';
import { API, Problem } from '../api.ts';
import type { App } from '../http.ts';

export function registerRowKinds(app: App): void {
  app.get(API.row_kinds, {
    schema: { summary: 'The kinds of rows, and what their columns mean', response: { 200: RowKinds, '4xx': Problem, '5xx': Problem } },
    handler: async () => rowKinds(),
  });
}

export function rowKinds(): RowKinds {
  const of = (columns: readonly Column[], isHead: boolean) =>
    columns.filter(({ name }) => name !== 'pad' && Object.hasOwn(HEAD_AT, name) === isHead).map(columnOf);
  return {
    head: of(KINDS.connection.columns, true),
    kinds: Object.entries(KINDS).map(([name, { words, columns }]) => ({ name, words: plain(words), columns: of(columns, false) })),
  };
}

const columnOf = ({ name, type, comment }: Column) => ({ name, type, unit: unitOf(name), words: plain(wordsOf(name, comment)) });

/** The column's own comment, or else that of a connection's column with the same name. */
function wordsOf(name: string, comment: string): string {
  if (comment !== '') return comment;
  return KINDS.connection.columns.find((column) => column.name === name)?.comment ?? '';
}

/** Replaces the names of C structs in comments by the names of kinds: "sample_row" becomes "sample". */
const plain = (words: string): string => words.replaceAll(/\b(\w+)_row\b/g, '$1');

function unitOf(name: string): string {
  if (/_us(_rest)?$/.test(name)) return 'µs';
  if (name.endsWith('_ns')) return 'ns';
  return /^bytes(_|$)/.test(name) ? 'bytes' : '';
}
