// A data directory as it is at one moment, while a collector works on it: what a kill at that moment would leave, which every start can go
// on from. Tables are frozen, which takes a tenth of a second; what the log holds besides is copied before any insert goes on.
import { existsSync, mkdirSync } from 'node:fs';
import { constants, copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../../agent/durable/disk.ts';
import { lockFile } from '../../agent/durable/lock.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import type { Snapshot } from '../api/admin.ts';
import { TLS_DIRECTORY } from '../door/tls/own-certificate.ts';
import { Refusal } from '../errors.ts';
import { JOURNAL } from '../log/recovered.ts';
import { KNOWN_TABLES } from '../storage/embedded.ts';
import type { Store } from '../storage/store.ts';

/**
 * The folder of the data directory for it. Whoever has copied it removes it; what a killed one has left goes with the next backup or the
 * next start.
 */
export const SNAPSHOT = 'snapshot';
/** Data directories of which one is being taken, even if its folder was removed as one that was left. */
const taking = new Set<string>();

/**
 * To be held from before a snapshot is asked for until it is copied: whoever holds it knows that nobody copies one that is there.
 * @returns ends it, as does the end of the process
 * @throws Refusal `snapshot_exists`
 */
export function lockSnapshot(data: string): () => void {
  const unlock = lockFile(join(data, `${SNAPSHOT}.lock`));
  if (unlock === undefined) throw existsAlready(data);
  return unlock;
}

/** @throws Refusal `snapshot_exists`, StoreError `store_freeze_failed` */
export async function takeSnapshot(store: Pick<Store, 'freeze'>, data: string): Promise<Snapshot> {
  if (taking.has(data) || existsSync(join(data, SNAPSHOT))) throw existsAlready(data);
  taking.add(data);
  return await take(store, data).finally(() => taking.delete(data));
}

function existsAlready(data: string): Refusal {
  return new Refusal(
    'snapshot_exists',
    `another backup is being copied from ${join(data, SNAPSHOT)}: wait until it is done. If none is, "tcplens admin backup" takes its place.`,
  );
}

async function take(store: Pick<Store, 'freeze'>, data: string): Promise<Snapshot> {
  const directory = join(data, SNAPSHOT);
  mkdirSync(directory, { mode: 0o700 });
  let taken_at_ms = 0;
  try {
    await store.freeze(join(directory, 'engine'), async () => {
      taken_at_ms = Date.now();
      await copyLog(join(data, 'log'), join(directory, 'log'));
      await copyIfThere(cp(join(data, 'layouts'), join(directory, 'layouts'), { recursive: true }));
      // Agents that have joined trust no other CA.
      await copyIfThere(cp(join(data, TLS_DIRECTORY), join(directory, TLS_DIRECTORY), { recursive: true }));
      await copyIfThere(copyFile(join(data, `engine${KNOWN_TABLES}`), join(directory, `engine${KNOWN_TABLES}`)));
    });
  } catch (error) {
    await removeSnapshot(data);
    throw error;
  }
  return { taken_at_ms };
}

export async function removeSnapshot(data: string): Promise<void> {
  await rm(join(data, SNAPSHOT), { recursive: true, force: true });
}

/** The journal first: a batch is in its segment before it is in the journal, and a segment goes only once its rows are in the tables. */
async function copyLog(log: string, directory: string): Promise<void> {
  await mkdir(directory);
  const journal = await readFile(join(log, JOURNAL)).catch(emptyIfMissing);
  // A line that is still being written is of no batch that anybody knows.
  await writeFile(join(directory, JOURNAL), journal.subarray(0, journal.lastIndexOf('\n') + 1));
  for (const kind of KIND) {
    await mkdir(join(directory, kind));
    for (const name of await namesIn(join(log, kind)))
      await copyIfThere(copyFile(join(log, kind, name), join(directory, kind, name), constants.COPYFILE_FICLONE));
  }
}

const namesIn = async (folder: string): Promise<string[]> => (existsSync(folder) ? readdir(folder) : []);

function emptyIfMissing(error: unknown): Buffer {
  if (isMissing(error)) return Buffer.alloc(0);
  throw error;
}

async function copyIfThere(copying: Promise<void>): Promise<void> {
  await copying.catch(emptyIfMissing);
}
