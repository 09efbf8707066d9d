// Builds minutes of rollup_1m and `stored` from rows: the statements that minute-refresh.ts and late-refresh.ts have in common.
import { KIND } from '../../bpf/rows/rows.gen.ts';
import type { Engine, Queryable } from './engine.ts';
import { hostRanges } from './host-ranges.ts';
import { newVersion } from './published.ts';
import { buildMinutes } from './rollup.ts';
import { buildStored } from './stored.ts';

/** Approximate number of rows that one statement reads. It limits the memory, and how long inserts have to wait. */
export const ROWS_A_STATEMENT = 1_000_000;

export type MinuteEngine = Pick<Engine, 'query' | 'command' | 'fill' | 'insertObjects'>;

/** `where`: over rows of every kind. `rows`: approximate number of rows for which it is true. */
export type Part = { where: string; rows: number; rows_a_statement: number; version: bigint };

export async function buildPart(engine: MinuteEngine, { where, rows, rows_a_statement, version }: Part): Promise<void> {
  const counted = KIND.map((kind) => `SELECT host_id, count() AS n FROM ${kind} WHERE ${where} GROUP BY host_id`).join(' UNION ALL ');
  for (const range of await hostRanges(engine, counted, rows, rows_a_statement)) {
    const some = `${where} AND ${range.where}`;
    await engine.fill(buildMinutes(version, some));
    await engine.fill(buildStored(version, some));
  }
}

/**
 * A version from the engine's clock, which all collectors share. It is taken before rows are read, so that a larger version was never
 * built from older rows.
 */
export async function minutesVersion(engine: Queryable): Promise<bigint> {
  const [found] = await engine.query<{ now_ms: number; newest: string }>(
    "SELECT toUnixTimestamp64Milli(now64(3)) AS now_ms, toString(max(version)) AS newest FROM rollup_version WHERE tier = 'minutes'",
    {},
    1,
  );
  return newVersion(found?.now_ms ?? 0, [BigInt(found?.newest ?? 0)]);
}

export const moment = (s: number) => `toDateTime(${s}, 'UTC')`;
