// The statement that fills a table from others, as upkeep does for minutes, hours and days.
import { quote } from './columns.ts';
import type { Filling } from './engine.ts';

/** Beyond this much memory of one statement the engine groups and sorts on disk: that takes longer, and what others do goes on. */
const SPILL_BYTES = 800_000_000;

/** @param id of the asker: the engine keeps it beside the statement while that runs */
export function fillStatement({ into, select }: Filling, id = ''): string {
  // Part of the text, since the embedded engine would keep settings that are sent beside a statement for the whole session.
  // Copies of a row, and versions of an entry, are always in the partition of one day, so FINAL need not compare partitions.
  const spill = ['group_by', 'sort'].map((what) => `max_bytes_before_external_${what} = ${SPILL_BYTES}`).join(', ');
  const settings = `${spill}, async_insert = 0, do_not_merge_across_partitions_select_final = 1, log_comment = ${quote(id)}`;
  return `INSERT INTO ${into} SETTINGS ${settings}\n${select}`;
}
