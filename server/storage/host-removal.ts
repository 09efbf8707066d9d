// Removes all rows of a host from all tables. The accounts go first, and the names last: as long as the host has a name it is known, so a
// removal that was cut short can be repeated.
import { KIND } from '../../bpf/rows/rows.gen.ts';
import type { Engine } from './engine.ts';
import type { Names } from './entities.ts';

/** The accounts say how many rows there must be. If the rows went first, rows would seem to be lost. */
const ACCOUNTS = ['accounting_1h', 'stored', 'accounting', 'lost'] as const;
const ROWS = [...KIND, 'investigation_host', 'late_piece', 'rollup_1m', 'rollup_1h', 'rollup_1d', 'report', 'report_1h'] as const;
const NAMES = ['process', 'cgroup', 'netns', 'run', 'host'] as const;

/** Every table in which a host has a part of its own. */
export const HOST_TABLES: readonly string[] = [...ACCOUNTS, ...ROWS, ...NAMES];

/**
 * Resolves when names and accounts are removed. The engine removes rows, minutes, hours and days later, part by part.
 * @param host_id in decimal
 */
export async function removeHost(engine: Engine, host_id: string, { known }: Names): Promise<void> {
  // An ALTER takes no parameters. BigInt ensures that only a number gets into its text.
  const remove = (table: string, settings = '') =>
    engine.define(`ALTER TABLE ${table} DELETE WHERE host_id = ${BigInt(host_id)}${settings}`);
  const waiting = ' SETTINGS mutations_sync = 1';
  for (const table of ACCOUNTS) await remove(table, waiting);
  for (const table of ROWS) await remove(table);
  await engine.define(`ALTER TABLE map_1h DELETE WHERE client_host = ${BigInt(host_id)} OR server_host = ${BigInt(host_id)}`);
  for (const table of NAMES) await remove(table, waiting);
  known.forget();
  await engine.reloadDictionaries();
}
