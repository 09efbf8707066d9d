// Rows in the tables beside rows of the recordings, as multisets.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { quote, rawStructure, storedColumns } from '../../server/storage/columns.ts';
import type { Ask, Question } from './check.ts';
import { KERNEL } from './hosts.ts';
import { type Counts, eachKind, sourceFile } from './tape.ts';

/** The number of the tape that a row is of: tape.ts wrote it into the upper half of cgroup_id. */
const TAPE = 'toUInt32(bitShiftRight(cgroup_id, 32))';

/** Rows that are stored, by tape. */
export type StoredRows = Map<number, Counts>;

export async function rowsWrong(
  ask: Ask,
  { directory, tapes }: Question,
): Promise<{ wrong: string[]; stored: StoredRows; summary: string }> {
  const wrong: string[] = [];
  const numbers = [...tapes.map(({ number }) => number), KERNEL];
  const stored: StoredRows = new Map(numbers.map((number) => [number, eachKind(() => 0)]));
  for (const kind of KIND) {
    const counts = await ask<{ tape: number; n: number }>(
      `SELECT ${TAPE} AS tape, toFloat64(count()) AS n FROM ${kind} FINAL GROUP BY tape`,
    );
    for (const { tape, n } of counts) {
      const of = stored.get(tape);
      if (of) of[kind] = n;
      else wrong.push(`${n} ${kind} rows are of nobody`);
    }
    wrong.push(...(await foreignRows(ask, kind, directory)), ...(await movedTimes(ask, kind, directory)), ...(await sameRows(ask, kind)));
  }
  const made = tapes.reduce((sum, tape) => sum + KIND.reduce((rows, kind) => rows + tape.rows[kind], 0), 0);
  const total = [...stored.values()].reduce((sum, of) => sum + KIND.reduce((rows, kind) => rows + of[kind], 0), 0);
  const kernel = KIND.reduce((rows, kind) => rows + (stored.get(KERNEL)?.[kind] ?? 0), 0);
  return { wrong, stored, summary: kernel > 0 ? `${total} rows of this kernel stored` : `${total} of ${made} recorded rows stored` };
}

const source = (kind: Kind, directory: string) => `file(${quote(sourceFile(directory, kind))}, RowBinary, ${quote(rawStructure(kind))})`;

/** Rows more often in the table than in the recordings, in any byte but their time: duplicates and inventions. */
async function foreignRows(ask: Ask, kind: Kind, directory: string): Promise<string[]> {
  const columns = storedColumns(kind).filter(({ name }) => name !== 'time_ns');
  const names = columns.map(({ name }) => name).join(', ');
  const recorded = columns.map(({ name, select, type }) => `CAST(${select}, ${quote(type)}) AS ${name}`).join(', ');
  const found = await ask<{ tape: number; extra: number }>(`
SELECT ${TAPE} AS tape, toFloat64(sum(more)) AS extra FROM (
  SELECT ${names}, sum(side) AS more
  FROM (SELECT ${names}, 1 AS side FROM ${kind} FINAL UNION ALL SELECT ${recorded}, -1 AS side FROM ${source(kind, directory)})
  WHERE ${TAPE} != ${KERNEL} GROUP BY ${names} HAVING more > 0
) GROUP BY tape`);
  return found.map(({ tape, extra }) => `${extra} ${kind} rows of tape ${tape} are stored more often than they were recorded`);
}

/** Finds rows of this kernel that are the same in every byte: there must be none. How many rows there are nobody knows. */
async function sameRows(ask: Ask, kind: Kind): Promise<string[]> {
  const [found] = await ask<{ n: number; different: number }>(
    `SELECT toFloat64(count()) AS n, toFloat64(uniqExact(* EXCEPT (epoch, sequence, batch_row))) AS different FROM ${kind} FINAL WHERE ${TAPE} = ${KERNEL}`,
  );
  return found && found.n !== found.different ? [`${found.n - found.different} ${kind} rows of this kernel are stored twice`] : [];
}

/** Finds tapes whose rows' times were not all moved by the same amount, as a replay moves them. */
async function movedTimes(ask: Ask, kind: Kind, directory: string): Promise<string[]> {
  const found = await ask<{ tape: number; moves: number }>(`
SELECT ${TAPE} AS tape, toFloat64(uniqExact(stored.t - made.t)) AS moves
FROM (SELECT cgroup_id, netns, toUnixTimestamp64Nano(time_ns) AS t FROM ${kind} FINAL) AS stored
ANY INNER JOIN (SELECT cgroup_id, netns, toUnixTimestamp64Nano(time_ns) AS t FROM ${source(kind, directory)}) AS made USING (cgroup_id, netns)
GROUP BY tape HAVING moves > 1`);
  return found.map(({ tape, moves }) => `${kind} rows of tape ${tape} were moved in time by ${moves} different spans`);
}
