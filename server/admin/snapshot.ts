// A snapshot of a data directory while a collector works on it. It is what a kill at that moment would leave, so a start can recover from
// it. The tables are frozen, which takes a tenth of a second; meanwhile inserts wait until the rest of the log is copied.
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
 * The folder of the snapshot in the data directory. Whoever copies it removes it afterwards. One that a killed process has left is removed
 * by the next backup or the next start.
 */
export const SNAPSHOT = 'snapshot';
/**
 * Data directories of which a snapshot is being taken now: a backup may have removed the folder, believing that a killed process left it.
 */
const taking = new Set<string>();

/**
 * Locks out other backups, from before the snapshot is asked for until it is copied. A snapshot that is there when the lock is taken was
 * left by a killed process.
 * @returns unlocks; the end of the process does so too
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
      // Agents that have joined trust only this CA.
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

/**
 * Copies the journal before the segments: a batch is in its segment before the journal names it, and a segment is removed only once the
 * tables have its rows.
 */
async function copyLog(log: string, directory: string): Promise<void> {
  await mkdir(directory);
  const journal = await readFile(join(log, JOURNAL)).catch(emptyIfMissing);
  // The last line may be incomplete: its batch was not acknowledged yet.
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
