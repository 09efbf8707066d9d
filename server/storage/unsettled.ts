// After a crash of the embedded engine nobody knows whether the segments of the log are stored, and their tokens do not tell:
// the engine notes a token just before its part becomes visible, so a kill in between makes every retry look like a repetition.
// So the rows themselves are looked for, and the minutes they fall into are rolled up and counted anew.
import { KIND, type Kind } from '../../bpf/rows/rows.gen.ts';
import { quote, rawStructure, storedColumns } from './columns.ts';
import { FIGURE_KINDS } from './figures.ts';
import { ROW_DAYS_MAX } from './retention-classes.ts';
import { ROLLUP_COLUMNS, rollupSelect } from './rollup.ts';
import { checkSegment } from './segment-insert.ts';
import type { Engine, Segment } from './store.ts';
import { STORED_COLUMNS, storedSelect } from './stored.ts';

/** ns since the epoch, as text: beyond what a number holds. */
type Span = { from_ns: string; to_ns: string };

const IDENTITY = '(toUnixTimestamp64Nano(time_ns), host_id, connection_id)';
const time = (ns: string) => `fromUnixTimestamp64Nano(toInt64(${ns}), 'UTC')`;

/**
 * Stores what is missing of the segments, each row once, rollup included. Nothing else may insert meanwhile. Can be cut short
 * and repeated at any point.
 */
export async function insertUnsettled(engine: Pick<Engine, 'command' | 'query'>, segments: readonly Segment[]): Promise<void> {
  const spans: Span[] = [];
  for (const segment of segments) {
    checkSegment(segment);
    const source = `file(${quote(segment.path)}, RowBinary, ${quote(rawStructure(segment.kind))})`;
    const [span] = await engine.query<Span>(
      `SELECT toString(min(toUnixTimestamp64Nano(time_ns))) AS from_ns, toString(max(toUnixTimestamp64Nano(time_ns))) AS to_ns FROM ${source}`,
      {},
      1,
    );
    if (span === undefined) continue;
    await insertMissing(engine, segment.kind, source, span);
    spans.push(span);
  }
  if (spans.length > 0) await rollUpAgain(engine, spans.reduce(cover));
}

function cover(one: Span, other: Span): Span {
  const least = BigInt(one.from_ns) < BigInt(other.from_ns) ? one : other;
  const most = BigInt(one.to_ns) > BigInt(other.to_ns) ? one : other;
  return { from_ns: least.from_ns, to_ns: most.to_ns };
}

/** By way of a table without views, whose parts then move over: an insert would roll the rows up a second time. */
async function insertMissing(engine: Pick<Engine, 'command' | 'query'>, kind: Kind, source: string, span: Span): Promise<void> {
  const aside = `unsettled_${kind}`;
  const columns = storedColumns(kind);
  const known = `SELECT ${IDENTITY} FROM ${kind} WHERE ${within(span)}`;
  await engine.command(`DROP TABLE IF EXISTS ${aside} SYNC`);
  await engine.command(`CREATE TABLE ${aside} AS ${kind}`);
  await engine.command(`INSERT INTO ${aside} (${columns.map(({ name }) => name).join(', ')})
SETTINGS async_insert = 0, insert_deduplicate = 0
SELECT ${columns.map(({ select }) => select).join(', ')} FROM ${source} WHERE ${IDENTITY} NOT IN (${known})`);
  const days = await engine.query<{ day: string }>(`SELECT DISTINCT toString(toDate(time_ns)) AS day FROM ${aside}`, {}, ROW_DAYS_MAX);
  for (const { day } of days) await engine.command(`ALTER TABLE ${kind} ATTACH PARTITION ${quote(day)} FROM ${aside}`);
  await engine.command(`DROP TABLE ${aside} SYNC`);
}

async function rollUpAgain(engine: Pick<Engine, 'command'>, { from_ns, to_ns }: Span): Promise<void> {
  const [from, to] = [`toStartOfMinute(${time(from_ns)}, 'UTC')`, `toStartOfMinute(${time(to_ns)}, 'UTC')`];
  const where = `${within({ from_ns, to_ns })} AND toStartOfMinute(time_ns, 'UTC') BETWEEN ${from} AND ${to}`;
  const again = async (table: string, selects: [columns: readonly string[], select: string][]) => {
    await engine.command(`ALTER TABLE ${table} DELETE WHERE minute BETWEEN ${from} AND ${to} SETTINGS mutations_sync = 1`);
    for (const [columns, select] of selects) {
      await engine.command(`INSERT INTO ${table} (${columns.join(', ')})
SETTINGS async_insert = 0, insert_deduplicate = 0
${select}`);
    }
  };
  await again(
    'rollup_1m',
    FIGURE_KINDS.map((kind) => [ROLLUP_COLUMNS[kind], rollupSelect(kind, where)]),
  );
  await again(
    'stored',
    KIND.map((kind) => [STORED_COLUMNS, storedSelect(kind, where)]),
  );
}

/** The sorting key's pieces that a span, and the whole minutes around it, fall into. */
function within({ from_ns, to_ns }: Span): string {
  return `toStartOfFiveMinutes(time_ns) BETWEEN toStartOfFiveMinutes(${time(from_ns)}) AND toStartOfFiveMinutes(${time(to_ns)})`;
}
