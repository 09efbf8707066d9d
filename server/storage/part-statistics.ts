// Turns off column statistics. Newer engines compute them at each merge unless a table's settings forbid it. No query here uses them, and
// they take a sixth of a merge's time.

import type { Engine } from './engine.ts';
import { RETENTION_CLASSES, TABLES_MAX, tablesInSql } from './retention-classes.ts';

const SETTING = 'auto_statistics_types';

/**
 * Turns them off for each table of tcplens where they are on, if the engine knows the setting. In the embedded engine they are off for all
 * tables (engine.xml), which saves the first start two dozen statements.
 */
export async function withoutStatistics(engine: Pick<Engine, 'query' | 'define'>): Promise<void> {
  const tables = await engine.query<{ name: string }>(
    `SELECT name FROM system.tables
WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND position(create_table_query, '${SETTING}') = 0
  AND EXISTS (SELECT 1 FROM system.merge_tree_settings WHERE name = '${SETTING}' AND value != '')
  AND name IN ${tablesInSql(RETENTION_CLASSES)}
ORDER BY name`,
    {},
    TABLES_MAX,
  );
  for (const { name } of tables) {
    await engine.define(`ALTER TABLE ${name} MODIFY SETTING ${SETTING} = ''`);
  }
}
