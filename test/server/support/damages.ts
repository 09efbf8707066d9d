// Kinds of damage to the files of an embedded engine with rows, as functions that do the damage.
import { readdir, readFile, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const TABLE = 'retransmit';
export const ROWS = 1000;

export type Damage = {
  name: string;
  /** Does the damage. @param engine the engine's directory */
  inflict: (engine: string) => Promise<void>;
  /** how a start, health and check-store describe the damage */
  says: RegExp;
  /** the engine cannot be opened any more */
  fatal?: true;
  /** only found by reading everything, as a check does and a start does not */
  hidden?: true;
};

/** The directory of the table's only part. */
async function part(engine: string): Promise<string> {
  const table = await realpath(join(engine, 'data/default', TABLE));
  const [first = ''] = (await readdir(table)).filter((name) => /^\d{8}_/.test(name));
  return join(table, first);
}
const definitions = (engine: string) => realpath(join(engine, 'metadata/default'));

/** Inverts the byte in the middle of a file. */
async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  await writeFile(path, bytes);
}

const ofPart = (name: string, inflict: (file: string) => Promise<void>) => async (engine: string) =>
  inflict(join(await part(engine), name));
const cut = (path: string) => truncate(path, 3);
const gone = (path: string) => rm(path, { recursive: true });

const BROKEN = new RegExp(
  `1 part cannot be read \\(${TABLE}/broken-on-start_\\w+: broken-on-start\\); ${ROWS} rows were stored and are gone`,
);
const LOST = new RegExp(`1 table was there before and is gone \\(${TABLE}\\); ${ROWS} rows were stored and are gone \\(${TABLE} of `);
const ALL_LOST = /\d\d tables were there before and are gone \(access_record, accounting, accounting_1h and \d\d more\)/;
const NOT_OPENED = /are damaged, and what the engine says of them is on stderr/;

export const DAMAGES: readonly Damage[] = [
  { name: 'columns.txt of a part is cut', inflict: ofPart('columns.txt', cut), says: BROKEN },
  { name: 'columns.txt of a part is gone', inflict: ofPart('columns.txt', gone), says: BROKEN },
  { name: 'checksums.txt of a part has another byte', inflict: ofPart('checksums.txt', flip), says: BROKEN },
  { name: 'the index of a part is cut', inflict: ofPart('primary.cidx', cut), says: BROKEN },
  { name: 'the data of a part are gone', inflict: ofPart('data.bin', gone), says: BROKEN },
  { name: 'the data of a part have another byte', inflict: ofPart('data.bin', flip), says: /1 part cannot be read/, hidden: true },
  {
    name: 'a part is gone',
    inflict: async (engine) => gone(await part(engine)),
    says: new RegExp(`damaged: ${ROWS} rows were stored and are gone \\(${TABLE} of \\d{4}-\\d\\d-\\d\\d\\)`),
  },
  {
    name: 'the files of a table are gone',
    inflict: async (engine) => gone(await realpath(join(engine, 'data/default', TABLE))),
    says: new RegExp(`${ROWS} rows were stored and are gone \\(${TABLE} of`),
  },
  {
    name: 'the definition of a table is gone',
    inflict: async (engine) => gone(join(await definitions(engine), `${TABLE}.sql`)),
    says: LOST,
  },
  {
    name: 'the definition of migration is gone',
    inflict: async (engine) => gone(join(await definitions(engine), 'migration.sql')),
    says: /1 table was there before and is gone \(migration\)/,
  },
  {
    name: 'the definition of a table is cut',
    inflict: async (engine) => cut(join(await definitions(engine), `${TABLE}.sql`)),
    says: NOT_OPENED,
    fatal: true,
  },
  { name: 'the metadata are gone', inflict: (engine) => gone(join(engine, 'metadata')), says: ALL_LOST },
  { name: 'the definitions are gone', inflict: async (engine) => gone(await definitions(engine)), says: ALL_LOST },
  { name: 'the store is gone', inflict: (engine) => gone(join(engine, 'store')), says: ALL_LOST },
  { name: 'the whole directory is gone', inflict: gone, says: ALL_LOST },
];
