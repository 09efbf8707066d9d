// The statement that fills a table from others, as upkeep does for minutes, hours and days.
import { quote } from './columns.ts';
import type { Filling } from './engine.ts';

/** @param id of the asker: the engine keeps it beside the statement while that runs. It must have no quotes */
export function fillStatement({ into, select }: Filling, id = ''): string {
  // Part of the text, since the embedded engine would keep settings that are sent beside a statement for the whole session.
  // Copies of a row, and versions of an entry, are always in the partition of one day, so FINAL need not compare partitions.
  const settings = `async_insert = 0, do_not_merge_across_partitions_select_final = 1, log_comment = ${quote(id)}`;
  return `INSERT INTO ${into} SETTINGS ${settings}\n${select}`;
}
