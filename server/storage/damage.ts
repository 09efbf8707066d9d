// Finds what the embedded engine's files have lost. The engine sets unreadable parts aside, creates a table anew if its files are gone, and
// goes on without an error. So the rows that are there are compared with the number that was stored.
import { KIND } from '../../bpf/rows/rows.gen.ts';
import type { StoreDamage } from '../api/health.ts';
import { quote } from './columns.ts';
import type { Engine, Queryable } from './engine.ts';
import { keptTables } from './kept-tables.ts';
import type { KnownTables } from './known-tables.ts';
import { pairs, published } from './published.ts';
import { DAYS_MAX, ROW_DAYS_MAX } from './retention-classes.ts';

/** Limit of each list in an answer. */
const TOLD_MAX = 1000;
const DAY_S = 86_400;
const KINDS_IN_SQL = KIND.map(quote).join(', ');

/** Rows of a kind and day. `stored`: as the accounts count them, each once. `held`: in the table's parts, where copies count too. */
export type DayRows = StoreDamage['missing_rows'][number];

export async function damageOf(engine: Engine, known: KnownTables, now_ms: number): Promise<StoreDamage> {
  const missing = (await rowsByDay(engine, known, now_ms)).filter(({ stored, held }) => held < stored);
  return { lost_tables: await known.lost(), broken_parts: await brokenParts(engine), missing_rows: missing.slice(0, TOLD_MAX) };
}

/** Parts that the engine has put aside because it could not read them. */
export function brokenParts(engine: Queryable): Promise<StoreDamage['broken_parts']> {
  return engine.query(
    `SELECT table, name AS part, reason FROM system.detached_parts
WHERE database = currentDatabase() AND (reason LIKE '%broken%' OR reason IN ('unexpected', 'noquorum')) ORDER BY table, name LIMIT ${TOLD_MAX}`,
    {},
    TOLD_MAX,
  );
}

/**
 * For all days that can be judged. Days that were dropped for the limit of size cannot: the accounts of hours still count their rows. The
 * accounts are read first, so that rows that arrive meanwhile only make `held` larger.
 */
export async function rowsByDay(engine: Engine, known: KnownTables, now_ms: number): Promise<DayRows[]> {
  const from = await known.judgedFrom(await rowDays(engine), now_ms);
  const days = await engine.query<{ day: string }>(
    `SELECT DISTINCT partition AS day FROM system.parts
WHERE database = currentDatabase() AND active AND table IN ('stored', ${KINDS_IN_SQL}) AND partition >= {from:String}
  AND partition NOT IN (SELECT r.day FROM retention AS r) ORDER BY day LIMIT ${ROW_DAYS_MAX}`,
    { from },
    ROW_DAYS_MAX,
  );
  const told = new Map<string, DayRows>();
  for (const { day } of days)
    for (const { kind, n } of await storedRows(engine, day)) told.set(`${day} ${kind}`, { day, kind, stored: n, held: 0 });
  for (const { kind, day, n } of await heldRows(engine, from)) {
    const one = told.get(`${day} ${kind}`);
    told.set(`${day} ${kind}`, { day, kind, stored: one?.stored ?? 0, held: n });
  }
  return [...told.keys()].toSorted().flatMap((key) => told.get(key) ?? []);
}

/**
 * Rows of a day by the accounts. Published hours are read instead of their minutes, which are many in a large fleet. Rows that came after
 * an hour was built are missing in it, so the figure can only be too small.
 */
async function storedRows(engine: Queryable, day: string): Promise<{ kind: string; n: number }[]> {
  const from_s = Date.parse(day) / 1000;
  const hours = await published(engine, 'accounting', from_s, from_s + DAY_S);
  const whole =
    hours.length === 0 ? '' : `SELECT kind, a.rows AS n FROM accounting_1h AS a WHERE ${pairs(hours)} AND counted = 'stored' UNION ALL `;
  const rest = `SELECT kind, s.rows AS n FROM stored AS s FINAL
WHERE toDate(minute) = {day:Date} AND toStartOfHour(minute) NOT IN (${[0, ...hours.map(({ start_s }) => start_s)].join(', ')})`;
  return engine.query(
    `SELECT kind, sum(n) AS n FROM (${whole}${rest}) WHERE kind IN (${KINDS_IN_SQL}) GROUP BY kind`,
    { day },
    KIND.length,
  );
}

function heldRows(engine: Queryable, from: string): Promise<{ kind: string; day: string; n: number }[]> {
  return engine.query(
    `SELECT table AS kind, partition AS day, sum(p.rows) AS n FROM system.parts AS p
WHERE database = currentDatabase() AND active AND table IN (${KINDS_IN_SQL}) AND partition >= {from:String}
GROUP BY kind, day LIMIT ${KIND.length * ROW_DAYS_MAX}`,
    { from },
    KIND.length * ROW_DAYS_MAX,
  );
}

/** For how many days rows of all kinds are kept. */
async function rowDays(engine: Engine): Promise<number> {
  const tables = await keptTables(engine);
  return Math.min(DAYS_MAX, ...tables.flatMap((table) => (table.class === 'rows' && table.days !== null ? [table.days] : [])));
}
