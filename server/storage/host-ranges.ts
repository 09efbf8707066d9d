// Cuts the work of a statement by ranges of hosts. Tables are sorted by time and then by host, so a range is read alone: the cost of all
// statements together grows with the rows. A condition on a hash of the host would make each statement read all rows.
import type { Queryable } from './engine.ts';

/** `rows`: approximate number of rows for which `where` is true. */
export type Range = { where: string; rows: number };

/**
 * Conditions on `host_id`, each true for about `rows_max` rows at most, or for one host. Together they are true for every host, also for
 * those without rows so far. @param counted a SELECT of `host_id` and `n`, several rows a host where they add up
 * @param rows approximate sum of `n`, which bounds the number of conditions
 */
export async function hostRanges(engine: Queryable, counted: string, rows: number, rows_max: number): Promise<Range[]> {
  if (rows <= rows_max) return [{ where: 'true', rows }];
  // Rows may have come since `rows` were counted. Beyond the limit they make the last range longer.
  const parts_max = Math.ceil(rows / rows_max) + 1;
  const cuts = await engine.query<{ first: string; rows: number }>(
    `SELECT toString(min(host_id)) AS first, sum(n) AS rows FROM (
  SELECT host_id, hosts.n AS n, intDiv(sum(hosts.n) OVER (ORDER BY host_id) - hosts.n, ${rows_max}) AS part
  FROM (SELECT host_id, sum(c.n) AS n FROM (${counted}) AS c GROUP BY host_id) AS hosts
) GROUP BY part ORDER BY part LIMIT ${parts_max}`,
    {},
    parts_max,
  );
  const conditions = between(
    'host_id',
    cuts.slice(1).map(({ first }) => first),
  );
  return conditions.map((where, index) => ({ where, rows: cuts[index]?.rows ?? 0 }));
}

/**
 * Cuts ranges of which one host has too many rows, by its connections: for work on each connection by itself. @param from a SELECT of
 * `connection_id` for a range's condition
 */
export async function connectionRanges(
  engine: Queryable,
  ranges: readonly Range[],
  from: (where: string) => string,
  rows_max: number,
): Promise<string[]> {
  const cut: string[] = [];
  for (const { where, rows } of ranges) {
    const parts = Math.ceil(rows / rows_max);
    // A range may have a host more than fits, which costs less than to look where to cut it.
    if (parts <= 2) cut.push(where);
    else for (const some of between('connection_id', await quantiles(engine, from(where), parts))) cut.push(`${where} AND ${some}`);
  }
  return cut;
}

/** Ids, in order, that cut connections to parts of about the same number of rows. Exact: as a double, an id could be rounded beyond its type. */
async function quantiles(engine: Queryable, from: string, parts: number): Promise<string[]> {
  const levels = Array.from({ length: parts - 1 }, (_, index) => (index + 1) / parts);
  const [found] = await engine.query<{ ids: string[] }>(
    `SELECT arrayMap(id -> toString(id), quantilesExact(${levels.join(', ')})(c.connection_id)) AS ids FROM (${from}) AS c`,
    {},
    1,
  );
  return found?.ids ?? [];
}

/** Conditions of which each value meets one: those below the first cut, between two cuts, and from the last one on. */
const between = (column: string, cuts: readonly string[]): string[] =>
  [...cuts, undefined].map((end, index) =>
    [index === 0 ? 'true' : `${column} >= ${cuts[index - 1]}`, ...(end === undefined ? [] : [`${column} < ${end}`])].join(' AND '),
  );
