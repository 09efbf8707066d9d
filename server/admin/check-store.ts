// Checks a data directory that no collector uses: its log as a start would find it, the engine's tables, each part, and the rows of each
// day. The check changes nothing: it works on hard links to the files, which the engine replaces but never rewrites, and its writes to the
// log are dropped.
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Disk, type DiskFile, REAL_DISK } from '../../agent/durable/disk.ts';
import { reasonOf } from '../../agent/process/errors.ts';
import type { StoreDamage } from '../api/health.ts';
import { StartError } from '../errors.ts';
import { damageText } from '../health/damage-text.ts';
import { Layouts } from '../ingest/layouts.ts';
import { lockDataDirectory } from '../lock.ts';
import { recover } from '../log/recover.ts';
import { brokenParts, type DayRows, rowsByDay } from '../storage/damage.ts';
import { KNOWN_TABLES, openEmbeddedEngine } from '../storage/embedded.ts';
import type { Engine, Queryable } from '../storage/engine.ts';
import { linkTree } from '../storage/engine-files.ts';
import { KnownTables } from '../storage/known-tables.ts';

/** The folder of the links; hard links have to be on the same disk as their files. */
const SCRATCH = 'check';
const CHECKED = ['engine', `engine${KNOWN_TABLES}`, 'log', 'layouts'];
const PARTS_MAX = 5000;

type CheckedTable = { table: string; parts: number; rows: number; broken: number };
export type StoreCheck = {
  /** one sentence for each trouble; none: all is whole */
  troubles: string[];
  tables: CheckedTable[];
  days: DayRows[];
  log: { waiting_segments: number; waiting_rows: number; lost_rows: number };
};

/** @throws StartError `data_dir_unusable`, `data_dir_locked` */
export async function checkStore(directory: string): Promise<StoreCheck> {
  const data = resolve(directory);
  if (!CHECKED.some((name) => existsSync(join(data, name))))
    throw new StartError('data_dir_unusable', `${data} is no data directory of a collector: name its --data.`);
  const lock = lockedFor(data);
  const scratch = join(data, SCRATCH);
  const found: StoreCheck = { troubles: [], tables: [], days: [], log: { waiting_segments: 0, waiting_rows: 0, lost_rows: 0 } };
  try {
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { mode: 0o700 });
    for (const name of CHECKED) if (existsSync(join(data, name))) await linkTree(join(data, name), join(scratch, name));
    await checkLog(scratch, found);
    await checkEngine(scratch, found);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    lock.release();
  }
  return found;
}

function lockedFor(data: string) {
  try {
    return lockDataDirectory(data);
  } catch (error) {
    if (!(error instanceof StartError) || error.code !== 'data_dir_locked') throw error;
    const message = `a collector uses ${data}: stop it first. What it has found itself is in its GET /api/v1/health.`;
    throw new StartError('data_dir_locked', message, { cause: error });
  }
}

/** Recovers the log as a start does, but without writing. */
async function checkLog(scratch: string, into: StoreCheck): Promise<void> {
  const layouts = new Layouts(join(scratch, 'layouts'), undefined, READ_ONLY);
  const directory = join(scratch, 'log');
  try {
    await layouts.start();
    const options = { disk: READ_ONLY, directory, run: 'check', conversion: (schema: string) => layouts.conversion(schema) };
    const { segments, losses, damaged_lines, damaged_batches, unknown_bytes, set_aside } = await recover(options);
    const lost_rows = losses.unstored().reduce((sum, { outcome, rows }) => sum + (outcome === 'log_damaged' ? rows : 0), 0);
    const waiting_rows = segments.reduce((sum, { length, row_bytes }) => sum + length / row_bytes, 0);
    into.log = { waiting_segments: segments.length, waiting_rows, lost_rows };
    if (damaged_lines + damaged_batches + unknown_bytes + set_aside.length > 0)
      into.troubles.push(
        `The log is damaged: ${damaged_lines} lines of the journal, ${damaged_batches} batches (${lost_rows} rows) and ${unknown_bytes} bytes of nobody; the next start stores the rest, and counts and keeps these.`,
      );
  } catch (error) {
    into.troubles.push(`The log cannot be read: ${reasonOf(error)}.`);
  }
}

async function checkEngine(scratch: string, into: StoreCheck): Promise<void> {
  let engine: Engine | undefined;
  try {
    engine = await openEmbeddedEngine({ path: join(scratch, 'engine') });
    await checkTables(engine, new KnownTables(join(scratch, `engine${KNOWN_TABLES}`)), into);
  } catch (error) {
    const why = engine === undefined ? 'what the engine says of them is on stderr' : reasonOf(error);
    into.troubles.push(`The engine's files cannot be read: they are damaged, and ${why}.`);
  } finally {
    await engine?.close();
  }
}

async function checkTables(engine: Engine, known: KnownTables, into: StoreCheck): Promise<void> {
  await engine.command('SYSTEM STOP MERGES');
  const now_ms = Date.now();
  await known.compare(engine, now_ms);
  const broken: StoreDamage['broken_parts'] = await brokenParts(engine);
  for (const { table, partition_id } of await partitions(engine)) {
    const parts = await engine.query<{ part_path: string; is_passed: number; message: string }>(
      `CHECK TABLE ${table} PARTITION ID '${partition_id}'`,
      {},
      PARTS_MAX,
    );
    for (const { part_path, is_passed, message } of parts) if (!is_passed) broken.push({ table, part: part_path, reason: message });
  }
  const counted = await engine.query<Omit<CheckedTable, 'broken'>>(
    `SELECT t.name AS table, countIf(p.name != '') AS parts, sum(p.rows) AS rows FROM system.tables AS t
LEFT JOIN (SELECT table, name, rows FROM system.parts WHERE active AND database = currentDatabase()) AS p ON p.table = t.name
WHERE t.database = currentDatabase() AND t.engine LIKE '%MergeTree' GROUP BY table ORDER BY table`,
    {},
    PARTS_MAX,
  );
  into.tables = counted.map((one) => ({ ...one, broken: broken.filter(({ table }) => table === one.table).length }));
  const hasAccounts = ['stored', 'accounting_1h', 'rollup_version', 'retention'].every((name) =>
    counted.some(({ table }) => table === name),
  );
  into.days = hasAccounts ? await rowsByDay(engine, known, now_ms) : [];
  const missing_rows = into.days.filter(({ stored, held }) => held < stored);
  const text = damageText({ lost_tables: await known.lost(), broken_parts: broken, missing_rows });
  if (text !== '') into.troubles.push(text);
}

function partitions(engine: Queryable): Promise<{ table: string; partition_id: string }[]> {
  return engine.query(
    'SELECT DISTINCT table, partition_id FROM system.parts WHERE active AND database = currentDatabase() ORDER BY table, partition_id LIMIT 60000',
    {},
    60_000,
  );
}

const nothing = async () => undefined;
const NO_FILE: DiskFile = { read: async () => 0, write: nothing, truncate: nothing, sync: nothing, size: async () => 0, close: nothing };
/** Reads files and drops all writes. Folders are made, since the linked tree may lack some that the code expects. */
const READ_ONLY: Disk = {
  ...REAL_DISK,
  open: async (path, how) => (how === 'read' ? REAL_DISK.open(path, how) : NO_FILE),
  rename: nothing,
  link: nothing,
  remove: nothing,
  syncDirectory: nothing,
};
