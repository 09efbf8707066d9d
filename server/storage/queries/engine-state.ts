// Reads the engine's state from its system tables.
import type { StoreFigures } from '../../api/health.ts';
import type { Queryable } from '../engine.ts';

const MOST = 20;

/** @param since_ms earlier errors are left out */
export async function engineState(store: Queryable, since_ms: number): Promise<StoreFigures> {
  const most = <Row>(sql: string, params = {}) => store.query<Row>(`${sql} LIMIT ${MOST}`, params, MOST);
  const [parts, settings, sizes, merges, mutations, disks, replicas, dictionaries, errors] = await Promise.all([
    most<StoreFigures['parts'][number]>(
      `SELECT table, partition, count() AS parts, sum(p.rows) AS rows, sum(bytes_on_disk) AS bytes
FROM system.parts AS p WHERE active AND database = currentDatabase() GROUP BY table, partition ORDER BY parts DESC, table, partition`,
    ),
    store.query<{ name: string; value: string }>(
      "SELECT name, value FROM system.merge_tree_settings WHERE name IN ('parts_to_delay_insert', 'parts_to_throw_insert')",
      {},
      2,
    ),
    store.query<{ bytes: number }>(
      'SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase()',
      {},
      1,
    ),
    most<StoreFigures['merges'][number]>(
      `SELECT table, elapsed AS elapsed_s, m.progress AS progress, total_size_bytes_compressed AS bytes
FROM system.merges AS m WHERE database = currentDatabase() ORDER BY elapsed DESC`,
    ),
    most<StoreFigures['mutations'][number]>(
      `SELECT table, mutation_id AS mutation, greatest(0, dateDiff('second', create_time, now())) AS age_s,
  m.parts_to_do AS parts_to_do, latest_fail_reason AS reason
FROM system.mutations AS m WHERE NOT is_done AND database = currentDatabase() ORDER BY create_time`,
    ),
    most<StoreFigures['disks'][number]>(
      `SELECT name AS disk, free_space AS free_bytes, total_space AS total_bytes FROM system.disks ORDER BY free_space`,
    ),
    most<Omit<StoreFigures['replicas'][number], 'readonly'> & { readonly: number }>(
      `SELECT table, is_readonly AS readonly, queue_size AS queue,
  absolute_delay AS delay_s
FROM system.replicas WHERE database = currentDatabase() ORDER BY is_readonly DESC, absolute_delay DESC`,
    ),
    most<StoreFigures['dictionaries'][number]>(
      `SELECT name AS dictionary, toString(d.status) AS status, last_exception AS reason
FROM system.dictionaries AS d WHERE database = currentDatabase() ORDER BY status = 'LOADED', name`,
    ),
    most<StoreFigures['errors'][number]>(
      `SELECT name AS error, value AS count, toUnixTimestamp(last_error_time) * 1000 AS last_ms, substring(last_error_message, 1, 300) AS message
FROM system.errors WHERE last_error_time >= fromUnixTimestamp64Milli({since_ms:Int64})
ORDER BY last_error_time DESC`,
      { since_ms },
    ),
  ]);
  const limit = (name: string) => Number(settings.find((setting) => setting.name === name)?.value ?? 0);
  return {
    parts,
    parts_delay: limit('parts_to_delay_insert'),
    parts_refuse: limit('parts_to_throw_insert'),
    bytes: sizes[0]?.bytes ?? 0,
    merges,
    mutations,
    disks,
    replicas: replicas.map((replica) => ({ ...replica, readonly: replica.readonly !== 0 })),
    dictionaries,
    errors,
  };
}
