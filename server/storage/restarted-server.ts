// A server that is killed between noting a token and showing its part answers every retry with success and stores nothing; one that
// has seen very many tokens since has forgotten the old ones. So where a server has restarted since a segment was first sent to it,
// or that is long ago, its word is not enough: what each table has of the segment is looked at, by day, as parts are: all of a part
// is there or nothing. Others may insert meanwhile: never the same rows, and until what they add is rolled up is waited for. A kill
// burns at most one token a table, so what is missing of a rollup is exactly one segment's share, figure by figure, or nothing.
// Where it is neither for long, because others go on inserting into these minutes, nobody can tell yet: that is an error of its own,
// the segment stays in its collector's log, and the question is asked again, for a day.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { quote } from './columns.ts';
import { FIGURE_KINDS, FIGURE_NAMES, FIGURES, type FigureKind, foldOf } from './figures.ts';
import { ROW_DAYS_MAX } from './retention-classes.ts';
import { ROLLUP_COLUMNS, rollupSelect } from './rollup.ts';
import { type Engine, type Piece, type Segment, StoreError } from './store.ts';
import { STORED_COLUMNS, storedSelect } from './stored.ts';

type ServerEngine = Pick<Engine, 'command' | 'query' | 'insertSegment'>;

/** A table that views fill with what rows of some kinds come to, a minute and host at the least. */
type Counted = {
  table: string;
  kinds: readonly Kind[];
  /** What is compared, over a kind's rows and over the table. */
  given: (kind: Kind) => string[];
  counted: string[];
  /** The rows of the table that count these kinds. */
  where: string;
  columns: readonly string[];
  select: (where: string) => string;
};

const IDENTITY = '(toUnixTimestamp64Nano(time_ns), host_id, connection_id)';
/** So far apart, a share must be found missing twice: inserts of others are under way for less. */
const LOOK_MS = 700;
/** Looks after which others get their turn: nothing is inserted out of this log meanwhile. */
const LOOKS_MAX = 5;

/** A largest figure does not show whose it is. Those that add up do, and a part has all of its figures or none. */
const ADDED = FIGURE_NAMES.filter((name) => foldOf(name) === 'sum');

const isRolled = (kind: Kind): kind is FigureKind => (FIGURE_KINDS as readonly Kind[]).includes(kind);

/** When the server began, as performance.now(); within a second. */
export async function startedAt(engine: Pick<Engine, 'query'>): Promise<number> {
  const [row] = await engine.query<{ seconds: number }>('SELECT uptime() AS seconds', {}, 1);
  return performance.now() - (row?.seconds ?? 0) * 1000;
}

/**
 * Stores what is missing of the segment's pieces, once, rollup and count included. Can be cut short and repeated at any point. Where
 * the server still knows the tokens of that time, the segment is sent under its own first, which completes whatever was not begun.
 * @throws StoreError `store_rollup_unclear`: all rows are stored, and whether a table has its share of them cannot be told
 */
export async function insertDoubted(engine: ServerEngine, segment: Segment, pieces: readonly Piece[]): Promise<void> {
  const { kind } = segment;
  const aside = `unsettled_${kind}_${createHash('sha256').update(segment.token).digest('hex').slice(0, 16)}`;
  await engine.command(`DROP TABLE IF EXISTS ${aside} SYNC`);
  await engine.command(`CREATE TABLE ${aside} AS ${kind}`);
  await engine.insertSegment(segment, pieces, aside);
  const days = await engine.query<{ day: string; rows: number }>(
    `SELECT toString(toDate(time_ns)) AS day, count() AS rows FROM ${aside} GROUP BY day ORDER BY day`,
    {},
    ROW_DAYS_MAX,
  );
  for (const { day, rows } of days) {
    if ((await found(engine, kind, aside, day)) < rows) {
      await engine.command(`ALTER TABLE ${kind} ATTACH PARTITION ${quote(day)} FROM ${aside}`);
    }
  }
  // All rows are stored before the first question: one that has no answer keeps back neither rows nor another question.
  const unclear: string[] = [];
  for (const { day } of days) {
    for (const counted of countedOf(kind)) {
      const share = await shareOf(engine, kind, aside, day, counted);
      if (share === 'missing') await addShare(engine, kind, aside, day, counted);
      else if (share === 'unclear') unclear.push(`${counted.table} of ${day}`);
    }
  }
  await engine.command(`DROP TABLE ${aside} SYNC`);
  if (unclear.length === 0) return;
  throw new StoreError(
    'store_rollup_unclear',
    `whether ${unclear.join(', ')} has its share of ${segment.token} cannot be told while others insert into the same minutes: it is looked at again`,
  );
}

function countedOf(kind: Kind): Counted[] {
  const stored: Counted = {
    table: 'stored',
    kinds: [kind],
    given: () => ['count()'],
    counted: ['sum(t.rows)'],
    where: `kind = ${quote(kind)}`,
    columns: STORED_COLUMNS,
    select: (where) => storedSelect(kind, where),
  };
  if (!isRolled(kind)) return [stored];
  const expressions = (one: Kind): Partial<Record<string, string>> => (isRolled(one) ? FIGURES[one] : {});
  const rollup: Counted = {
    table: 'rollup_1m',
    kinds: FIGURE_KINDS,
    given: (one) => ADDED.map((name) => expressions(one)[name] ?? '0'),
    counted: ADDED.map((name) => `sum(t.${name})`),
    where: '1',
    columns: ROLLUP_COLUMNS[kind],
    select: (where) => rollupSelect(kind, where),
  };
  return [stored, rollup];
}

/** Rows of the table that are those of the segment. */
async function found(engine: ServerEngine, kind: Kind, aside: string, day: string): Promise<number> {
  const span = `SELECT toStartOfFiveMinutes(time_ns) FROM ${aside} WHERE ${ofDay(day)}`;
  const [row] = await engine.query<{ rows: number }>(
    `SELECT count() AS rows FROM ${kind}
WHERE ${ofDay(day)} AND toStartOfFiveMinutes(time_ns) IN (${span}) AND ${IDENTITY} IN (SELECT ${IDENTITY} FROM ${aside} WHERE ${ofDay(day)})`,
    {},
    1,
  );
  return row?.rows ?? 0;
}

/** Whether the table has the segment's share. Where it lacks anything else, an insert is on its way into it, and waited for. */
async function shareOf(
  engine: ServerEngine,
  kind: Kind,
  aside: string,
  day: string,
  counted: Counted,
): Promise<'there' | 'missing' | 'unclear'> {
  let short = 0;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const [row] = await engine.query<{ off: number; off_without: number }>(offBy(kind, aside, day, counted), {}, 1);
    if (!row || row.off === 0) return 'there';
    short = row.off_without === 0 ? short + 1 : 0;
    if (short === 2) return 'missing';
    if (look < LOOKS_MAX - 1) await sleep(LOOK_MS);
  }
  return 'unclear';
}

/** Of the segment's minutes and hosts: those where rows and table differ, and those where they would with the segment's share added. */
function offBy(kind: Kind, aside: string, day: string, { table, kinds, given, counted, where }: Counted): string {
  const minute = "toStartOfMinute(time_ns, 'UTC')";
  const vector = (sign: 1 | -1, expressions: readonly string[]) => `[${expressions.map((one) => `${sign} * toInt64(${one})`).join(', ')}]`;
  const none = vector(
    1,
    counted.map(() => '0'),
  );
  const keys = `(SELECT DISTINCT ${minute}, host_id FROM ${aside} WHERE ${ofDay(day)})`;
  const span = `toStartOfFiveMinutes(time_ns) IN (SELECT toStartOfFiveMinutes(time_ns) FROM ${aside} WHERE ${ofDay(day)})`;
  const group = 'GROUP BY at, host';
  const rows = kinds.map(
    (one) => `SELECT ${minute} AS at, ${one}.host_id AS host, ${vector(1, given(one))} AS d, ${none} AS s
FROM ${one} WHERE ${ofDay(day)} AND ${span} AND (${minute}, host_id) IN ${keys} ${group}`,
  );
  return `SELECT countIf(arrayExists(x -> x != 0, differs)) AS off, countIf(arrayExists((x, y) -> x != y, differs, share)) AS off_without
FROM (
SELECT at, host, sumForEach(d) AS differs, sumForEach(s) AS share FROM (
${rows.join('\nUNION ALL ')}
UNION ALL SELECT t.minute AS at, t.host_id AS host, ${vector(-1, counted)} AS d, ${none} AS s
FROM ${table} AS t WHERE (minute, host_id) IN ${keys} AND ${where} ${group}
UNION ALL SELECT ${minute} AS at, ${kind}.host_id AS host, ${none} AS d, ${vector(1, given(kind))} AS s
FROM ${aside} AS ${kind} WHERE ${ofDay(day)} ${group}
) GROUP BY at, host
)`;
}

/** What the view would have added: its SELECT over the segment's rows in place of the table's. */
async function addShare(engine: ServerEngine, kind: Kind, aside: string, day: string, { table, columns, select }: Counted): Promise<void> {
  const overSegment = select(ofDay(day)).replace(`FROM ${kind}\n`, `FROM ${aside} AS ${kind}\n`);
  await engine.command(`INSERT INTO ${table} (${columns.join(', ')})
SETTINGS async_insert = 0, insert_deduplicate = 0
${overSegment}`);
}

function ofDay(day: string): string {
  return `toDate(time_ns) = ${quote(day)}`;
}
