// What a start finds in the log's directory: which batches are stored or still to be inserted, and what to cut or set aside.
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { KIND, KINDS } from '../../bpf/rows.gen.ts';
import { Cursors } from './cursors.ts';
import { syncDirectory } from './files.ts';
import { type JournalRecord, readLines, type SegmentState } from './journal-line.ts';

export const JOURNAL = 'journal';
/** Segments whose bytes are not what the journal says are kept here, for a person to look at. */
export const ASIDE = 'aside';

export type Recovered = {
  cursors: Cursors;
  /** To be inserted, in the order in which they were written. */
  segments: SegmentState[];
  torn_bytes: number;
  damaged_lines: number;
  /**
   * Segments that the journal knows and the disk has not, or not as they were, or whose rows another version of tcplens laid
   * out. Their rows are lost to the store.
   */
  set_aside: string[];
};

/** Reads the log in `directory`, cutting torn tails. Creates the directories of an empty one. */
export async function recover(directory: string): Promise<Recovered> {
  for (const name of [...KIND, ASIDE]) await mkdir(join(directory, name), { recursive: true });
  await syncDirectory(directory);
  const text = await readFile(join(directory, JOURNAL), 'utf8').catch(emptyIfMissing);
  const journal = readLines(text);
  const { cursors, live } = replay(journal.records);
  const recovered: Recovered = {
    cursors,
    segments: [],
    torn_bytes: journal.torn_tail_bytes,
    damaged_lines: journal.damaged_lines,
    set_aside: [],
  };
  for (const state of live.values()) await recoverSegment(directory, state, recovered);
  await removeStrays(directory, live, text === '' || journal.damaged_lines > 0);
  return recovered;
}

/** What the records add up to. */
export function replay(records: readonly JournalRecord[]): { cursors: Cursors; live: Map<string, SegmentState> } {
  const cursors = new Cursors();
  const live = new Map<string, SegmentState>();
  for (const record of records) {
    switch (record.t) {
      case 'batch':
        cursors.add(record);
        live.set(record.segment, stateOf(record));
        break;
      case 'segment':
        live.set(record.segment, stateOf(record));
        break;
      case 'inserted':
        live.delete(record.segment);
        break;
      case 'cursor':
        cursors.restore(record);
        break;
      default:
        record satisfies never;
    }
  }
  return { cursors, live };
}

function stateOf({ kind, segment, schema, length, crc }: SegmentState): SegmentState {
  return { kind, segment, schema, length, crc };
}

async function recoverSegment(directory: string, state: SegmentState, into: Recovered): Promise<void> {
  const path = segmentPath(directory, state);
  const found = await readPrefix(path, state.length);
  const { schema, size } = KINDS[state.kind];
  if (found.crc === state.crc && found.length >= state.length && state.schema === schema && state.length % size === 0) {
    if (found.length > state.length) await truncate(path, state.length);
    into.torn_bytes += found.length - state.length;
    into.segments.push(state);
    return;
  }
  into.set_aside.push(`${state.kind}/${state.segment}`);
  if (found.length > 0) await rename(path, join(directory, ASIDE, `${state.kind}-${state.segment}.rows`));
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

/** Files that the journal does not tell of: inserted, or never acknowledged. Without a whole journal nobody knows which. */
async function removeStrays(directory: string, live: ReadonlyMap<string, SegmentState>, keep: boolean): Promise<void> {
  for (const kind of KIND) {
    for (const file of await readdir(join(directory, kind))) {
      if (live.has(file.replace(/\.rows$/, ''))) continue;
      const path = join(directory, kind, file);
      if (keep) await rename(path, join(directory, ASIDE, `${kind}-${file}`));
      else await unlink(path);
    }
  }
}

export function segmentPath(directory: string, { kind, segment }: { kind: string; segment: string }): string {
  return join(directory, kind, `${segment}.rows`);
}

function emptyIfMissing(error: unknown): string {
  if (isMissing(error)) return '';
  throw error;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
