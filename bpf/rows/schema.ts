// The id of a kind's layout: the same for the same columns, whoever makes it.
import { createHash } from 'node:crypto';

export type Columns = { kind: string; columns: readonly { name: string; offset: number; type: string }[] };

/** @param rows_version ROWS_VERSION of the rows.h that the columns are from */
export function schemaOf({ kind, columns }: Columns, rows_version: number): string {
  const layout = columns.map(({ name, offset, type }) => `${name}@${offset}:${type}`).join(',');
  return `${kind}/${createHash('sha256').update(`${rows_version};${kind};${layout}`).digest('hex').slice(0, 12)}`;
}
