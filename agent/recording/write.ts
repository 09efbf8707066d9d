// Writes a recording in such a way that, however it ends, the file can be read up to there.
import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { layoutOf } from '../../bpf/rows/layout.ts';
import { KIND, KINDS, type Kind, type KindCounters } from '../../bpf/rows/rows.gen.ts';
import { eachKind } from '../accounts/ledger.ts';
import { BATCH_BYTES_MAX } from '../contract/batch-envelope.ts';
import { RecordingError, reasonOf } from '../process/errors.ts';
import {
  encodeFrame,
  encodeJson,
  encodePrefix,
  type RecordedInvestigation,
  type RecordedNames,
  type RecordingHeader,
  SORT,
} from './format.ts';

/** Bytes below `bytes_max` that are kept free for the end frame, which has some hundred. */
const END_BYTES_MAX = 4096;
/** Most names of each sort in one frame, which then fit whatever their length. */
const NAMES_MAX = 250;

export type WriteOptions = {
  header: Omit<RecordingHeader, 'layouts'>;
  /** replaces an existing file */
  force: boolean;
  bytes_max?: number | undefined;
  /** of a new file; undefined: as the process makes files */
  mode?: number;
};

export class RecordingWriter {
  readonly rows: Readonly<Record<Kind, number>>;
  readonly #rows = eachKind(() => 0);
  readonly #file: string;
  readonly #descriptor: number;
  readonly #bytes_max: number;
  #bytes = 0;

  /** @throws RecordingError `too_small`, `exists`, `unwritable`, `disk_full` */
  constructor(file: string, { header, force, bytes_max = Number.POSITIVE_INFINITY, mode }: WriteOptions) {
    this.rows = this.#rows;
    this.#file = file;
    this.#bytes_max = bytes_max;
    const begin = Buffer.concat([encodePrefix(), encodeJson(SORT.header, 0, { ...header, layouts: KIND.map(layoutOf) })]);
    const bytes_min = begin.length + END_BYTES_MAX;
    if (bytes_min > bytes_max)
      throw new RecordingError('too_small', `${bytes_max} bytes hold no rows: give --max-bytes ${Math.ceil(bytes_min / 1024)}KiB or more`);
    this.#descriptor = create(file, force, mode);
    this.#append(begin);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends whole rows of one kind.
   * @returns false when they do not fit below `bytes_max`, and were not written
   * @throws RecordingError `unwritable`, `disk_full`; the file then ends before these rows
   */
  addRows(kind: Kind, rows: Uint8Array, offset_ms: number): boolean {
    const { size, index } = KINDS[kind];
    const step = Math.floor(BATCH_BYTES_MAX / size) * size;
    for (let at = 0; at < rows.length; at += step) {
      const bytes = rows.subarray(at, at + step);
      if (!this.#appendWithin(encodeFrame({ sort: SORT.rows, layout: index, offset_ms, bytes }))) return false;
      this.#rows[kind] += bytes.length / size;
    }
    return true;
  }

  /** Appends names. Result and errors are as for rows. */
  addNames(names: RecordedNames, offset_ms: number): boolean {
    const { processes, cgroups, netns } = names;
    const longest = Math.max(processes.length, cgroups.length, netns.length);
    for (let at = 0; at < longest; at += NAMES_MAX) {
      const part = <Name>(list: Name[]) => list.slice(at, at + NAMES_MAX);
      const some = { processes: part(processes), cgroups: part(cgroups), netns: part(netns) };
      if (!this.#appendWithin(encodeJson(SORT.names, offset_ms, some))) return false;
    }
    return true;
  }

  /** Appends what the verdict on an investigation rests on beside rows. Result and errors are as for rows. */
  addInvestigation(investigation: RecordedInvestigation, offset_ms: number): boolean {
    return this.#appendWithin(encodeJson(SORT.investigation, offset_ms, investigation));
  }

  /**
   * Writes the end, with the kernel's counters where they are known, flushes the file and closes it.
   * @throws RecordingError `unwritable`, `disk_full`
   */
  end(counters: Readonly<Record<Kind, KindCounters>> | undefined, length_ms: number): void {
    const kinds = eachKind((kind) => ({ rows: this.#rows[kind], ...counters?.[kind] }));
    try {
      this.#append(encodeJson(SORT.end, length_ms, { length_ms, kinds }));
      this.#flush();
    } finally {
      closeSync(this.#descriptor);
    }
  }

  #flush(): void {
    try {
      fsyncSync(this.#descriptor);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #appendWithin(bytes: Uint8Array): boolean {
    if (this.#bytes + bytes.length > this.#bytes_max - END_BYTES_MAX) return false;
    this.#append(bytes);
    return true;
  }

  /** Writes the whole frame or nothing: half a frame at the end would look as if the recorder was killed. */
  #append(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at, bytes.length - at, this.#bytes + at);
    } catch (error) {
      this.#cut();
      throw this.#failure(error);
    }
    this.#bytes += bytes.length;
  }

  #cut(): void {
    try {
      ftruncateSync(this.#descriptor, this.#bytes);
    } catch {
      // The disk refuses even that: a reader will find half a frame and say so.
    }
  }

  #failure(cause: unknown): RecordingError {
    const full = cause instanceof Error && 'code' in cause && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(cause.code));
    const total = Object.values(this.#rows).reduce((sum, rows) => sum + rows, 0);
    const kept = `it holds the ${total} rows until then and can be replayed`;
    if (full)
      return new RecordingError('disk_full', `no room for more of ${this.#file}: ${kept}; free some, or set --max-bytes`, { cause });
    return new RecordingError('unwritable', `cannot write ${this.#file}, ${kept}: ${reasonOf(cause)}`, { cause });
  }
}

function create(file: string, force: boolean, mode: number | undefined): number {
  try {
    return openSync(file, force ? 'w' : 'wx', mode);
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (exists)
      throw new RecordingError('exists', `${file} is there already: choose another name, or --force to replace it`, { cause: error });
    const why = reasonOf(error);
    throw new RecordingError('unwritable', `cannot create ${file} (${why}): give a file in a directory that is there and can be written`, {
      cause: error,
    });
  }
}
