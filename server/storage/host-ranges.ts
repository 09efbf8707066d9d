// Cuts the work of a statement by ranges of hosts. Tables are sorted by time and then by host, so a range is read alone: the cost of all
// statements together grows with the rows. A condition on a hash of the host would make each statement read all rows.
import type { Queryable } from './engine.ts';

/**
 * Conditions on `host_id`, each true for about `rows_max` rows at most, or for one host. Together they are true for every host, also for
 * those without rows so far. @param counted a SELECT of `host_id` and `n`, several rows a host where they add up
 * @param rows approximate sum of `n`, which bounds the number of conditions
 */
export async function hostRanges(engine: Queryable, counted: string, rows: number, rows_max: number): Promise<string[]> {
  if (rows <= rows_max) return ['true'];
  // Rows may have come since `rows` were counted. Beyond the limit they make the last range longer.
  const parts_max = Math.ceil(rows / rows_max) + 1;
  const cuts = await engine.query<{ first: string }>(
    `SELECT toString(min(host_id)) AS first FROM (
  SELECT host_id, intDiv(sum(hosts.n) OVER (ORDER BY host_id) - hosts.n, ${rows_max}) AS part
  FROM (SELECT host_id, sum(c.n) AS n FROM (${counted}) AS c GROUP BY host_id) AS hosts
) GROUP BY part ORDER BY part LIMIT ${parts_max}`,
    {},
    parts_max,
  );
  const firsts = cuts.slice(1).map(({ first }) => first);
  return [...firsts, undefined].map((end, index) =>
    [index === 0 ? 'true' : `host_id >= ${firsts[index - 1]}`, ...(end === undefined ? [] : [`host_id < ${end}`])].join(' AND '),
  );
}
