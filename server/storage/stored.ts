// The table `stored`: number of stored rows by kind, host and minute. It is built with the minutes of the rollup and kept longer than rows.
// Compared with the rows that agents have seen and sent, it shows whether rows are missing.
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { quote } from './columns.ts';
import type { Filling } from './engine.ts';
import { MINUTE } from './rollup.ts';

/** A SELECT of minute, host_id, kind and rows. @param where over rows of every kind */
export const countRows = (where: string) =>
  KIND.map(
    (kind) =>
      `SELECT ${MINUTE} AS minute, host_id, ${quote(kind)} AS kind, count() AS rows FROM ${kind} FINAL WHERE ${where} GROUP BY minute, host_id`,
  ).join('\nUNION ALL ');

/** Counts minutes. `version` must be larger than that of the counts to be replaced. @param where over rows */
export const buildStored = (version: bigint, where: string): Filling => ({
  into: 'stored (version, minute, host_id, kind, rows)',
  select: `SELECT toUInt64(${version}), minute, host_id, kind, rows FROM (${countRows(where)})`,
});
