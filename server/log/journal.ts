// The journal's file: lines are added and flushed, and from time to time replaced by a snapshot of what they add up to.
import { dirname } from 'node:path';
import { type Files, type LogFile, writeAll } from './files.ts';
import { formatLine } from './journal-line.ts';
import type { JournalRecord } from './journal-record.ts';

/** A snapshot is written in pieces: one string could not hold a large one. */
const PIECE_CHARS = 1024 * 1024;

export class Journal {
  readonly #files: Files;
  readonly #path: string;
  readonly #snapshotAtBytes: number;
  #file: LogFile | undefined;
  #length = 0;
  #snapshotLength = 0;
  /** What a failure left uncertain: whether the last lines are on disk, or which file has the journal's name. */
  #unclear: 'nothing' | 'tail' | 'name' = 'nothing';

  /** @param snapshotAtBytes length of the lines after which a snapshot should replace them, or the last snapshot's if it was longer */
  constructor(files: Files, path: string, snapshotAtBytes: number) {
    this.#files = files;
    this.#path = path;
    this.#snapshotAtBytes = snapshotAtBytes;
  }

  get wantsSnapshot(): boolean {
    return this.#length - this.#snapshotLength > Math.max(this.#snapshotAtBytes, this.#snapshotLength);
  }

  /** Durable when it returns. If it throws, `clear` must succeed before anything else. */
  async append(records: readonly JournalRecord[]): Promise<void> {
    const file = this.#opened();
    const bytes = Buffer.from(records.map(formatLine).join(''));
    this.#unclear = 'tail';
    await writeAll(file, [bytes], this.#length);
    await file.datasync();
    this.#length += bytes.length;
    this.#unclear = 'nothing';
  }

  /** Takes back what a failed `append` may have left, else has it replaced. Does nothing if all is clear. */
  async clear(replaceAll: () => Promise<void>): Promise<void> {
    if (this.#unclear === 'tail') await this.#cutTail().catch(replaceAll);
    else if (this.#unclear === 'name') await replaceAll();
  }

  /** Begins a new file with these records, whether or not there was one. If it throws, the old one may still be in use. */
  async replace(records: Iterable<JournalRecord>): Promise<void> {
    const path = `${this.#path}.new`;
    const file = await this.#files.open(path, 'w');
    let length = 0;
    try {
      for (const piece of pieces(records)) {
        await writeAll(file, [piece], length);
        length += piece.length;
      }
      await file.sync();
      await this.#files.rename(path, this.#path);
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#unclear = 'name';
    const old = this.#file;
    this.#file = file;
    this.#length = length;
    this.#snapshotLength = length;
    await old?.close();
    await this.#files.syncDirectory(dirname(this.#path));
    this.#unclear = 'nothing';
  }

  /** A disk that does not take the last line leaves a journal like that of a crash. */
  async close(): Promise<void> {
    if (this.#file && this.#unclear === 'nothing') await this.append([{ t: 'closed' }]).catch(() => undefined);
    await this.#file?.close();
    this.#file = undefined;
  }

  async #cutTail(): Promise<void> {
    const file = this.#opened();
    await file.truncate(this.#length);
    await file.sync();
    this.#unclear = 'nothing';
  }

  #opened(): LogFile {
    if (!this.#file) throw new Error('the journal is not open');
    return this.#file;
  }
}

function* pieces(records: Iterable<JournalRecord>): Generator<Buffer> {
  let lines: string[] = [];
  let chars = 0;
  for (const record of records) {
    const line = formatLine(record);
    lines.push(line);
    chars += line.length;
    if (chars < PIECE_CHARS) continue;
    yield Buffer.from(lines.join(''));
    lines = [];
    chars = 0;
  }
  yield Buffer.from(lines.join(''));
}
