// What a start finds in the log's directory: which batches are stored or still to be inserted, and what is to be set aside. The journal
// says what was acknowledged, as far as it is there; files that it does not tell of are read by their own framing. A batch that is
// given to the store again changes nothing there, so in doubt it is given. Nothing is removed but what the journal says may go.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reasonOf } from '../../agent/process/errors.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { StartError } from '../errors.ts';
import { type Files, isMissing, writeFile } from './files.ts';
import { readLines } from './journal-line.ts';
import type { JournalRecord } from './journal-record.ts';
import { recoverFile } from './recover-file.ts';
import { ASIDE, JOURNAL, type Recovered, type RecoverOptions } from './recovered.ts';
import { goneOf, replay } from './replay.ts';
import { segmentOf, segmentPath } from './segment-name.ts';

/** Reads the log in `directory`. Creates the directories of an empty one. May be cut short and repeated. */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { files, directory } = options;
  for (const name of [...KIND, ASIDE]) await files.makeDirectory(join(directory, name));
  await files.syncDirectory(directory);
  const text = await readJournal(join(directory, JOURNAL));
  const { records, torn_tail_bytes, damaged_lines } = readLines(text.toString());
  const { cursors, losses, live } = replay(records);
  const whole_journal = torn_tail_bytes === 0 && damaged_lines === 0 && records[0]?.t === 'journal';
  const recovered: Recovered = {
    cursors,
    losses,
    segments: [],
    replaced: [],
    cut: [],
    whole_journal,
    closed_journal: whole_journal && records.at(-1)?.t === 'closed',
    damaged_lines,
    torn_bytes: torn_tail_bytes,
    damaged_batches: 0,
    unknown_bytes: 0,
    set_aside: [],
    missing_unclear: [],
    foreign: [],
  };
  await keepDamagedJournal(options, recovered, text);
  for (const { state, spans } of live.values()) {
    const { kind, segment, schema, length, crc } = state;
    await recoverFile(options, { kind, segment, schema, path: segmentPath(directory, state), known: { length, crc, spans } }, recovered);
  }
  await recoverStrays(options, recovered, goneOf(records));
  for (const name of [...KIND, ASIDE]) await files.syncDirectory(join(directory, name));
  return recovered;
}

/** What the journal is to say of files that others replace. */
export function replacedOf({ replaced, segments }: Recovered): JournalRecord[] {
  const kept = new Set(segments.map(({ segment }) => segment));
  return replaced.filter(({ segment }) => !kept.has(segment)).map(({ segment }) => ({ t: 'replaced', segment }));
}

/** Once the journal knows what was recovered: removes and cuts what others hold. */
export async function finishRecovery(files: Files, { replaced, cut }: Recovered): Promise<void> {
  for (const { path, length } of cut) await files.truncate(path, length);
  for (const { path } of replaced) await files.remove(path);
  for (const directory of new Set(replaced.map(({ path }) => dirname(path)))) await files.syncDirectory(directory);
}

/** It is replaced by this start's, and what it could not say may be of use to a person. */
async function keepDamagedJournal({ files, directory, run }: RecoverOptions, { whole_journal }: Recovered, text: Buffer): Promise<void> {
  if (!whole_journal && text.length > 0) await writeFile(files, join(directory, ASIDE, `${JOURNAL}-${run}`), [text]);
}

/** Files that the journal does not tell of, or of which it says that they may go. */
async function recoverStrays(options: RecoverOptions, into: Recovered, gone: ReadonlySet<string>): Promise<void> {
  const { files, directory } = options;
  const own = new Set<string>([...KIND, ASIDE, JOURNAL, `${JOURNAL}.new`]);
  into.foreign.push(...(await readdir(directory)).filter((name) => !own.has(name)));
  const known = new Set([...into.segments.map((segment) => segmentPath(directory, segment)), ...into.replaced.map(({ path }) => path)]);
  for (const kind of KIND) {
    // A whole before what was made of it.
    const names = (await readdir(join(directory, kind))).sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
    for (const name of names) {
      const path = join(directory, kind, name);
      const found = segmentOf(kind, name);
      if (known.has(path)) continue;
      if (found === undefined) into.foreign.push(join(kind, name));
      else if (gone.has(found.segment)) await files.unlink(path);
      else await recoverFile(options, { ...found, path }, into);
      for (const segment of into.segments.slice(-1)) known.add(segmentPath(directory, segment));
    }
  }
}

/** Empty where there is none. @throws StartError `data_dir_unusable` where it is no file, or may not be read */
async function readJournal(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0);
    const message = `the log's journal ${path} cannot be read: ${reasonOf(error)}. Put the file back, or --data chooses another directory`;
    throw new StartError('data_dir_unusable', message, { cause: error });
  }
}
