// What a start finds in the log's directory: which batches are stored or still to be inserted, and what to cut or set aside.
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Conversion } from '../../bpf/rows/layout.ts';
import { KIND, KINDS } from '../../bpf/rows/rows.gen.ts';
import { checkBatches, type Stretch } from './check-batches.ts';
import type { Cursors } from './cursors.ts';
import { type Files, isMissing, writeFile } from './files.ts';
import { readLines } from './journal-line.ts';
import type { JournalRecord, SegmentState } from './journal-record.ts';
import { countByHost, countLost, type Losses } from './losses.ts';
import { type Live, replay } from './replay.ts';
import { rewriteFile } from './rewrite-file.ts';
import { type KnownSegment, segmentPath } from './segments.ts';

export const JOURNAL = 'journal';
/** What is not as the journal says, batches and whole segments, is kept here, for a person to look at. */
export const ASIDE = 'aside';

export type Recovered = {
  cursors: Cursors;
  losses: Losses;
  /** To be inserted, in the order in which they were written. */
  segments: KnownSegment[];
  /** Segments that lacked something and are whole in a file beside, their layout or sound bytes alone; see `adoptRewritten`. */
  rewritten: KnownSegment[];
  torn_bytes: number;
  damaged_lines: number;
  torn_journal: boolean;
  /** Batches whose bytes have changed. Their rows are lost to the store, those beside them are not. */
  damaged_batches: number;
  /** Segments that the journal knows and the disk has not, or without a sound batch, or in a layout that nobody knows. */
  set_aside: string[];
};

export type RecoverOptions = {
  files: Files;
  directory: string;
  /** this start's name */
  run: string;
  /** How rows of another version become rows of this one; undefined where nobody knows. */
  conversion: (schema: string) => Conversion | undefined;
};

/** Reads the log in `directory`, cutting torn tails. Creates the directories of an empty one. May be cut short and repeated. */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { files, directory, run } = options;
  for (const name of [...KIND, ASIDE]) await files.makeDirectory(join(directory, name));
  await files.syncDirectory(directory);
  const text = await readFile(join(directory, JOURNAL), 'utf8').catch(emptyIfMissing);
  const journal = readLines(text);
  const { cursors, losses, live } = replay(journal.records, run);
  const recovered: Recovered = {
    cursors,
    losses,
    segments: [],
    rewritten: [],
    torn_bytes: journal.torn_tail_bytes,
    damaged_lines: journal.damaged_lines,
    torn_journal: journal.torn_tail_bytes > 0,
    damaged_batches: 0,
    set_aside: [],
  };
  for (const segment of live.values()) await recoverSegment(options, segment, recovered);
  const changed = new Set(recovered.rewritten.map((segment) => dirname(segmentPath(directory, segment))));
  for (const path of changed) await files.syncDirectory(path);
  if (recovered.damaged_batches > 0) await files.syncDirectory(join(directory, ASIDE));
  await removeStrays(options, recovered, text === '' || journal.damaged_lines > 0, goneOf(journal.records));
  return recovered;
}

async function recoverSegment(options: RecoverOptions, live: Live, into: Recovered): Promise<void> {
  const { state, spans } = live;
  const { files, directory } = options;
  const path = segmentPath(directory, state);
  // An earlier start came as far as to note the rewritten rows, and not to give them the segment's name.
  const beside = await readPrefix(besidePath(path), state.length);
  if (beside.length === state.length && beside.crc === state.crc) await files.rename(besidePath(path), path);
  const found = await readPrefix(path, state.length);
  const kind = KIND.find((candidate) => candidate === state.kind);
  if (kind === undefined || found.length === 0) return setAside(options, live, found.length, into);
  if (found.length > state.length) {
    await cutTail(options, state, into);
    into.torn_bytes += found.length - state.length;
  }
  const whole = found.crc === state.crc && found.length >= state.length;
  const current = state.schema === KINDS[kind].schema;
  if (whole && current) {
    into.segments.push({ ...state, kind, spans });
    return;
  }
  const conversion = current ? undefined : options.conversion(state.schema);
  if (!current && conversion?.size !== state.row_bytes) return setAside(options, live, found.length, into);
  const bytes = await readFile(path);
  const { sound, damaged } = checkBatches(bytes, live);
  if (sound.length === 0) return setAside(options, live, found.length, into);
  if (damaged.length > 0) await setBatchesAside(options, live, bytes, damaged, into);
  const segment = { ...state, ...(await rewriteFile(files, { bytes, to: besidePath(path), kind }, sound, conversion)), kind };
  into.segments.push(segment);
  into.rewritten.push(segment);
}

/** Once the journal knows the rewritten rows: gives them their segments' names. */
export async function adoptRewritten(files: Files, directory: string, rewritten: readonly KnownSegment[]): Promise<void> {
  for (const segment of rewritten) {
    const path = segmentPath(directory, segment);
    await files.rename(besidePath(path), path);
  }
}

/** What follows was never acknowledged, unless the line that told of it is damaged: then it is kept, and counted as lost. */
async function cutTail({ files, directory }: RecoverOptions, state: SegmentState, { damaged_lines, losses }: Recovered): Promise<void> {
  const path = segmentPath(directory, state);
  if (damaged_lines > 0) {
    const tail = (await readFile(path)).subarray(state.length);
    await writeFile(files, join(directory, ASIDE, `${state.kind}-${state.segment}.tail.rows`), [tail]);
    countByHost(losses, state.kind, tail);
  }
  await files.truncate(path, state.length);
}

async function setAside({ files, directory }: RecoverOptions, { state, spans }: Live, bytes: number, into: Recovered): Promise<void> {
  into.set_aside.push(`${state.kind}/${state.segment}`);
  const kept = join(directory, ASIDE, `${state.kind}-${state.segment}.rows`);
  // Where lines are missing, one of them may have said that the store has the segment: its file goes only after that line is flushed.
  const linesMissing = into.damaged_lines > 0 || into.torn_journal;
  const unclear = bytes === 0 && linesMissing && (await readPrefix(kept, 0)).length === 0;
  if (!unclear) countLost(into.losses, state, spans.list(), 'log_damaged', into.losses.stamp(Date.now()));
  if (bytes > 0) await files.rename(segmentPath(directory, state), kept);
}

async function setBatchesAside(
  { files, directory }: RecoverOptions,
  { state }: Live,
  bytes: Buffer,
  damaged: readonly Stretch[],
  into: Recovered,
): Promise<void> {
  const batches = damaged.flatMap((stretch) => stretch.batches);
  into.damaged_batches += batches.length;
  countLost(into.losses, state, batches, 'log_damaged', into.losses.stamp(Date.now()));
  const found = damaged.map(({ start, end }) => bytes.subarray(start, end));
  await writeFile(files, join(directory, ASIDE, `${state.kind}-${state.segment}.damaged.rows`), [Buffer.concat(found)]);
}

/** CRC-32 of the first `length` bytes, and how long the file is in all. */
async function readPrefix(path: string, length: number): Promise<{ crc: number; length: number }> {
  const found = { crc: 0, length: 0 };
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      found.crc = crc32(chunk.subarray(0, Math.max(0, length - found.length)), found.crc);
      found.length += chunk.length;
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return found;
}

/** Segments that have left the log, as far as the journal still says so. */
function goneOf(records: readonly JournalRecord[]): Set<string> {
  const gone = records.filter((record) => record.t === 'inserted' || record.t === 'split' || record.t === 'buried');
  return new Set(gone.map(({ segment }) => segment));
}

/** Files that the journal does not tell of: inserted, or never acknowledged. Without a whole journal nobody knows which: they count as lost. */
async function removeStrays(
  { files, directory }: RecoverOptions,
  { segments, rewritten, losses }: Recovered,
  keep: boolean,
  gone: ReadonlySet<string>,
): Promise<void> {
  const known = new Set(segments.map((segment) => segmentPath(directory, segment)));
  for (const segment of rewritten) known.add(besidePath(segmentPath(directory, segment)));
  for (const kind of KIND) {
    for (const file of await readdir(join(directory, kind))) {
      const path = join(directory, kind, file);
      if (known.has(path)) continue;
      if (!keep || gone.has(file.replace(/\.rows$/, ''))) {
        await files.unlink(path);
        continue;
      }
      countByHost(losses, kind, await readFile(path));
      await files.rename(path, join(directory, ASIDE, `${kind}-${file}`));
    }
  }
}

function besidePath(path: string): string {
  return `${path}.rewritten`;
}

function emptyIfMissing(error: unknown): string {
  if (isMissing(error)) return '';
  throw error;
}
