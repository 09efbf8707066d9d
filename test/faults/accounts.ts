// The law: seen = stored + lost by name, for each run of each agent, kind by kind, to the row.
import { LOSSES, type Loss, lossesAt, type Outcome, type Stage } from '../../agent/contract/outcome.ts';
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import type { Ask, Question } from './check.ts';
import { KERNEL, type Played } from './hosts.ts';
import type { StoredRows } from './rows.ts';

type Outcomes = Partial<Record<Outcome | Found, number>>;
/** Rows that were named lost, and are not: they are stored, or another one has lost them. */
type Found = `found_${Loss}`;
type Told = { host_id: string; epoch: string; kind: Kind; outcome: Outcome | Found; n: number };

/** What agents and collectors have told of one run of an agent, by epoch and kind. */
type Book = Map<string, Record<Kind, Outcomes>>;

const COLLECTOR = lossesAt('collector')
  .map((name) => `'${name}'`)
  .join(', ');
/** By agents, the largest figure of a minute; by collectors, the largest of a batch. Agents name batches, too, whose rows they have told. */
const BATCHES = (figure: string) => `max(${figure}) AS most FROM lost GROUP BY host_id, epoch, kind, sequence, outcome, reporter`;
const TOLD = `SELECT host_id, epoch, kind, toString(outcome) AS outcome, max(rows) AS most FROM accounting GROUP BY minute, host_id, epoch, kind, outcome
  UNION ALL SELECT host_id, epoch, kind, toString(outcome) AS outcome, ${BATCHES('rows')} HAVING outcome IN (${COLLECTOR})
  UNION ALL SELECT host_id, epoch, kind, concat('found_', outcome) AS outcome, ${BATCHES('found')}`;

export type Account = { wrong: string[]; losses: Partial<Record<Loss, number>> };

export async function accountsWrong(ask: Ask, { tapes, epochs }: Question, stored: StoredRows): Promise<Account> {
  const told = await ask<Told>(`
SELECT lower(leftPad(hex(host_id), 16, '0')) AS host_id, lower(leftPad(hex(epoch), 16, '0')) AS epoch, kind, toString(outcome) AS outcome,
  toFloat64(sum(most)) AS n
FROM (${TOLD})
GROUP BY ALL`);
  const book = bookOf(told);
  const byTape = new Map(epochs.filter(([, tape]) => tape !== KERNEL).map(([epoch, tape]) => [tape, epoch]));
  const wrong = tapes.flatMap((tape) => tapeWrong(tape, book.get(byTape.get(tape.number) ?? ''), stored));
  wrong.push(...kernelWrong(book, epochs, stored), ...unknownWrong(book, new Set(epochs.map(([epoch]) => epoch))));
  return { wrong, losses: lossesOf(told) };
}

function bookOf(told: readonly Told[]): Book {
  const book: Book = new Map();
  for (const { epoch, kind, outcome, n } of told) {
    const of = book.get(epoch) ?? (Object.fromEntries(KIND.map((name) => [name, {}])) as Record<Kind, Outcomes>);
    of[kind][outcome] = n;
    book.set(epoch, of);
  }
  return book;
}

const lossNames = Object.keys(LOSSES) as Loss[];

/** Rows of all losses that were named lost and are not. */
function foundOf(told: Outcomes): number {
  return lossNames.reduce((sum, name) => sum + (told[`found_${name}`] ?? 0), 0);
}

function lostAt(told: Outcomes, stage: Stage): number {
  return lossNames.filter((name) => LOSSES[name] === stage).reduce((sum, name) => sum + (told[name] ?? 0), 0);
}

function tapeWrong(tape: Played, told: Record<Kind, Outcomes> | undefined, stored: StoredRows): string[] {
  const made = KIND.reduce((sum, kind) => sum + tape.rows[kind], 0);
  // The run was killed before anything of it reached a collector, or had no rows: then the tables have none of it either.
  if (told === undefined) {
    const rows = KIND.reduce((sum, kind) => sum + (stored.get(tape.number)?.[kind] ?? 0), 0);
    const unheard = tape.ended === 'killed' || made === 0;
    return rows === 0 && unheard ? [] : [`tape ${tape.number}: ${rows} of ${made} rows are stored, and no account tells of them`];
  }
  return KIND.flatMap((kind) => kindWrong(tape, kind, told[kind], stored.get(tape.number)?.[kind] ?? 0));
}

function kindWrong(tape: Played, kind: Kind, told: Outcomes, rows: number): string[] {
  const { seen = 0, sent = 0 } = told;
  const [kernel, agent, collector] = [lostAt(told, 'kernel'), lostAt(told, 'agent'), lostAt(told, 'collector')];
  const account = `tape ${tape.number} (${tape.ended}), ${kind}: stored ${rows} of ${tape.rows[kind]}, told ${JSON.stringify(told)}`;
  const wrong: string[] = [];
  if (seen !== sent + agent + kernel) wrong.push(`seen is not sent + lost by the agent: ${account}`);
  // What an agent has lost may be stored: its acknowledgement never arrived.
  if (rows + collector !== sent + foundOf(told)) wrong.push(`what was drained is not stored or lost, each once: ${account}`);
  const drained = seen - kernel;
  const all = tape.rows[kind];
  if (tape.ended === 'to the end' ? drained !== all : drained > all) wrong.push(`not all that was recorded was seen: ${account}`);
  if (tape.ended === 'to the end' && (told.ring_lost ?? 0) !== tape.ring_lost[kind])
    wrong.push(`ring_lost is not ${tape.ring_lost[kind]}: ${account}`);
  if (tape.ended === 'to the end' && (told.withheld ?? 0) !== tape.withheld[kind])
    wrong.push(`withheld is not ${tape.withheld[kind]}: ${account}`);
  return wrong;
}

/** Rows of this kernel do not tell which run of the agent saw them: the law holds for all of them together. */
function kernelWrong(book: Book, epochs: Question['epochs'], stored: StoredRows): string[] {
  const runs = epochs.filter(([, tape]) => tape === KERNEL).map(([epoch]) => book.get(epoch));
  return KIND.flatMap((kind) => {
    const sum = (figure: (told: Outcomes) => number) => runs.reduce((total, told) => total + figure(told?.[kind] ?? {}), 0);
    const seen = sum((told) => told.seen ?? 0);
    const sent = sum((told) => told.sent ?? 0);
    const rows = stored.get(KERNEL)?.[kind] ?? 0;
    const lost = sum((told) => lostAt(told, 'agent') + lostAt(told, 'kernel'));
    const lawful = seen === sent + lost && rows + sum((told) => lostAt(told, 'collector')) === sent + sum(foundOf);
    return lawful ? [] : [`${kind} of this kernel: stored ${rows}, told ${JSON.stringify(runs.map((told) => told?.[kind]))}`];
  });
}

/** Runs of which no batch came through, so that nobody knows whose rows they saw: none of these is stored. */
function unknownWrong(book: Book, known: ReadonlySet<string>): string[] {
  return [...book]
    .filter(([epoch]) => !known.has(epoch))
    .flatMap(([epoch, told]) =>
      KIND.filter((kind) => (told[kind].seen ?? 0) !== lostAt(told[kind], 'kernel') + lostAt(told[kind], 'agent')).map(
        (kind) => `epoch ${epoch}, ${kind}: no batch of it was ever on its way, told ${JSON.stringify(told[kind])}`,
      ),
    );
}

/** Where the books or a journal were damaged, a row may be there twice and not be counted as sent, but none is gone without a name. */
export async function silentLosses(ask: Ask): Promise<string[]> {
  const held = KIND.map((kind) => `SELECT host_id, '${kind}' AS kind, toInt64(count()) AS n FROM ${kind} FINAL GROUP BY host_id`);
  const found = await ask<{ host: string; kind: string; n: number }>(`
SELECT hex(host_id) AS host, kind, toFloat64(-sum(n)) AS n FROM (
  ${held.join(' UNION ALL ')}
  UNION ALL SELECT host_id, kind, sum(if(outcome IN (${COLLECTOR}), toInt64(most), -toInt64(most))) AS n
  FROM (${TOLD}) WHERE outcome = 'sent' OR startsWith(outcome, 'found_') OR outcome IN (${COLLECTOR})
  GROUP BY host_id, kind
) GROUP BY host_id, kind HAVING n > 0`);
  return found.map(({ host, kind, n }) => `${n} ${kind} rows of host ${host} were sent, and are neither stored nor lost by name`);
}

/** Whether the tables hold what they say they do. */
export async function storedWrong(ask: Ask): Promise<string[]> {
  const counted = KIND.map(
    (kind) =>
      `SELECT '${kind}' AS kind, toStartOfMinute(time_ns, 'UTC') AS minute, host_id, count() AS rows FROM ${kind} FINAL GROUP BY ALL`,
  );
  const told = 'SELECT toString(kind) AS kind, minute, host_id, toUInt64(sum(rows)) AS rows FROM stored FINAL GROUP BY ALL HAVING rows > 0';
  const differing = await ask<{ kind: string; n: number }>(
    `SELECT kind, toFloat64(count()) AS n FROM (SELECT kind, minute, host_id, sum(r) AS d FROM (
SELECT kind, minute, host_id, toInt64(rows) AS r FROM (${counted.join(' UNION ALL ')}) UNION ALL SELECT kind, minute, host_id, -toInt64(rows) AS r FROM (${told}))
GROUP BY ALL HAVING d != 0) GROUP BY kind`,
  );
  return differing.map(({ kind, n }) => `stored: ${n} minutes of ${kind} are not what its table holds`);
}

function lossesOf(told: readonly Told[]): Partial<Record<Loss, number>> {
  const losses: Partial<Record<Loss, number>> = {};
  for (const name of lossNames) {
    const sumOf = (counted: string) => told.reduce((sum, { outcome, n }) => sum + (outcome === counted ? n : 0), 0);
    const lost = sumOf(name) - sumOf(`found_${name}`);
    if (lost > 0) losses[name] = lost;
  }
  return losses;
}
