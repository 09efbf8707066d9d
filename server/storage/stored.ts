// stored: how many rows of each kind the tables were given, a host and minute of the rows' own time. Filled by one view a kind,
// and kept for longer than the rows: beside what agents say they saw and sent, it shows that nothing is missing.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { quote } from './columns.ts';

/** The columns of `storedSelect`, in its order. */
export const STORED_COLUMNS = ['minute', 'host_id', 'kind', 'rows'] as const;

/** What a kind's rows count up to: the text of its view, which a migration makes. @param where over its rows; all of them without */
export const storedSelect = (kind: Kind, where?: string) => `SELECT
  toStartOfMinute(time_ns, 'UTC') AS minute,
  host_id AS host_id,
  ${quote(kind)} AS kind,
  count() AS rows
FROM ${kind}${where === undefined ? '' : `\nWHERE ${where}`}
GROUP BY minute, host_id`;
