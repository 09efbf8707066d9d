// Recovers the log's directory at a start: finds which batches are stored, which are still to be inserted, and what is to be set aside. The
// journal says which batches were acknowledged, as far as it can be read. Segment files that it does not name are read by their own
// framing. A batch that is inserted again changes nothing in the store, so a batch in doubt is inserted. Only files that the journal says
// may be removed are removed.
import { dirname, join } from 'node:path';
import type { Disk } from '../../agent/durable/disk.ts';
import { readJournal } from '../../agent/durable/journal.ts';
import { UNFINISHED, writeWhole } from '../../agent/durable/whole-file.ts';
import { reasonOf } from '../../agent/process/errors.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { StartError } from '../errors.ts';
import { JOURNAL_FORMAT, type JournalRecord } from './journal-record.ts';
import { recoverFile } from './recover-file.ts';
import { ASIDE, JOURNAL, type Recovered, type RecoverOptions } from './recovered.ts';
import { goneOf, replay } from './replay.ts';
import { segmentOf, segmentPath } from './segment-name.ts';

/**
 * Reads the log in `directory`, and makes its folders where they are missing. A crash may end it anywhere: the next start does the same.
 * @throws StartError `log_of_other_version`, `data_dir_unusable`: nothing has been touched
 */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { disk, directory } = options;
  const {
    values: records,
    bytes,
    ...journal
  } = await readJournal(disk, join(directory, JOURNAL), JOURNAL_FORMAT).catch((error) => unreadable(join(directory, JOURNAL), error));
  if (journal.other_format) throw otherVersion(directory);
  for (const name of [...KIND, ASIDE]) await disk.makeDirectory(join(directory, name));
  await disk.syncDirectory(directory);
  const { cursors, losses, uninserted } = replay(records);
  const { begins, closed, damaged_lines, torn_tail_bytes } = journal;
  const recovered: Recovered = {
    cursors,
    losses,
    segments: [],
    replaced: [],
    cut: [],
    whole_journal: begins && damaged_lines === 0 && torn_tail_bytes === 0,
    closed_journal: closed,
    damaged_lines,
    torn_bytes: torn_tail_bytes,
    damaged_batches: 0,
    unknown_bytes: 0,
    set_aside: [],
    missing_unclear: [],
    foreign: [],
  };
  await keepDamagedJournal(options, recovered, bytes);
  for (const { state, spans } of uninserted.values()) {
    const { kind, segment, schema, length, crc } = state;
    await recoverFile(options, { kind, segment, schema, path: segmentPath(directory, state), known: { length, crc, spans } }, recovered);
  }
  await recoverStrays(options, recovered, goneOf(records));
  for (const name of [...KIND, ASIDE]) await disk.syncDirectory(join(directory, name));
  return recovered;
}

/** The journal's records of the files whose sound batches are in other files now. */
export function replacedOf({ replaced, segments }: Recovered): JournalRecord[] {
  const inUse = new Set(segments.map(({ segment }) => segment));
  return replaced.filter(({ segment }) => !inUse.has(segment)).map(({ segment }) => ({ t: 'replaced', segment }));
}

/** To be called once the journal has what was recovered: removes and cuts the files whose batches are elsewhere now. */
export async function finishRecovery(disk: Disk, { replaced, cut }: Recovered): Promise<void> {
  for (const { path, length } of cut) await cutFile(disk, path, length);
  for (const { path } of replaced) await disk.remove(path);
  for (const directory of new Set(replaced.map(({ path }) => dirname(path)))) await disk.syncDirectory(directory);
}

/** This start replaces the journal. What of it could not be read is kept for a person to look at. */
async function keepDamagedJournal({ disk, directory, run }: RecoverOptions, { whole_journal }: Recovered, text: Buffer): Promise<void> {
  if (!whole_journal && text.length > 0) await writeWhole(disk, join(directory, ASIDE, `${JOURNAL}-${run}`), [text]);
}

/** Recovers the files that the journal does not name, and removes those that it says may be removed. */
async function recoverStrays(options: RecoverOptions, into: Recovered, gone: ReadonlySet<string>): Promise<void> {
  const { disk, directory } = options;
  const own = new Set<string>([...KIND, ASIDE, JOURNAL, `${JOURNAL}${UNFINISHED}`]);
  into.foreign.push(...(await disk.list(directory)).filter((name) => !own.has(name)));
  const known = new Set([...into.segments.map((segment) => segmentPath(directory, segment)), ...into.replaced.map(({ path }) => path)]);
  for (const kind of KIND) {
    // A segment comes before those that were made of it, whose names are longer.
    const names = (await disk.list(join(directory, kind))).sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
    for (const name of names) {
      const path = join(directory, kind, name);
      const found = segmentOf(kind, name);
      if (known.has(path)) continue;
      if (found === undefined) into.foreign.push(join(kind, name));
      else if (gone.has(found.segment)) await disk.remove(path);
      else await recoverFile(options, { ...found, path }, into);
      for (const segment of into.segments.slice(-1)) known.add(segmentPath(directory, segment));
    }
  }
}

async function cutFile(disk: Disk, path: string, length: number): Promise<void> {
  const file = await disk.open(path, 'any');
  await file.truncate(length).finally(() => file.close());
}

function unreadable(path: string, error: unknown): never {
  const message = `the log's journal ${path} cannot be read: ${reasonOf(error)}. Put the file back, or --data chooses another directory`;
  throw new StartError('data_dir_unusable', message, { cause: error });
}

function otherVersion(directory: string): StartError {
  const message =
    `the log ${directory} was written by another version of tcplens, and may hold rows that no table has: start that version until no rows ` +
    'wait, or give this one a data directory of its own with --data';
  return new StartError('log_of_other_version', message);
}
