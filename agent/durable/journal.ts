// An append-only file with a line for each change. From time to time a new file replaces it that begins with a snapshot of what the lines
// add up to.
import { dirname } from 'node:path';
import type { Disk, DiskFile } from './disk.ts';
import { firstLine, formatLine, type JournalText, lastLine, readLines } from './journal-lines.ts';
import { openReplaced, readIfThere } from './whole-file.ts';

/** A snapshot is written in pieces: one string could not hold a large one. */
const PIECE_CHARS = 1024 * 1024;

export type JournalFormat<Value> = {
  /** Name and version of what the lines mean: a journal of another one is not read. */
  format: string;
  isValue: (value: unknown) => value is Value;
};

/** What is in the file; `bytes` is its content. */
export async function readJournal<Value>(
  disk: Disk,
  path: string,
  { format, isValue }: JournalFormat<Value>,
): Promise<JournalText<Value> & { bytes: Buffer }> {
  const bytes = (await readIfThere(disk, path)) ?? Buffer.alloc(0);
  return { ...readLines(bytes.toString(), format, isValue), bytes };
}

/** Calls must come one after the other. The first is `replace`. */
export class Journal<Value> {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #format: string;
  readonly #snapshot_bytes_min: number;
  #file: DiskFile | undefined;
  #length = 0;
  #lines = 0;
  #snapshot_length = 0;
  /** `tail`: a write has failed and may have left something. `lost`: no line that is appended would be safe. */
  #state: 'sound' | 'tail' | 'lost' = 'lost';
  /** A snapshot was begun and is not complete: some of its changes may be in no line. */
  #is_owed = false;

  /**
   * @param snapshot_bytes_min bytes of lines after which a snapshot should replace them; or the size of the last snapshot, if that is more
   */
  constructor(disk: Disk, path: string, { format }: Pick<JournalFormat<Value>, 'format'>, snapshot_bytes_min: number) {
    this.#disk = disk;
    this.#path = path;
    this.#format = format;
    this.#snapshot_bytes_min = snapshot_bytes_min;
  }

  /** Also after a failure: a snapshot is one way to go on, and after a failed `append` `repair` is another. */
  get wants_snapshot(): boolean {
    if (this.#state !== 'sound' || this.#is_owed) return true;
    return this.#length - this.#snapshot_length > Math.max(this.#snapshot_bytes_min, this.#snapshot_length);
  }

  /**
   * Appends values, which are on disk when it returns, if `durable`; else a power cut may take them. If it throws, `repair` or `replace`
   * must come next.
   */
  async append(values: readonly Value[], durable: boolean): Promise<void> {
    const lines = values.map((value, index) => formatLine(this.#lines + 1 + index, value));
    await this.#append(lines, durable);
  }

  /** After a failed `append`, cuts off what it may have left. Where that cannot be, `replaceAll` is to call `replace`. */
  async repair(replaceAll: () => Promise<void>): Promise<void> {
    if (this.#state === 'tail') await this.#cutTail().catch(replaceAll);
    else if (this.#state === 'lost') await replaceAll();
  }

  /** Begins a new file with these values, whether or not there was one. If it throws, the old one may still be in use. */
  async replace(values: Iterable<Value>): Promise<void> {
    this.#is_owed = true;
    let lines = 1;
    const formatted = (value: Value) => formatLine(++lines, value);
    const { file, length } = await openReplaced(this.#disk, this.#path, pieces(firstLine(this.#format), values, formatted));
    this.#state = 'lost';
    const old = this.#file;
    this.#file = file;
    this.#length = length;
    this.#lines = lines;
    this.#snapshot_length = length;
    await old?.close().catch(() => undefined);
    // Until then a power cut may bring the old file back, and with it lose what is appended to this one.
    await this.#disk.syncDirectory(dirname(this.#path));
    this.#state = 'sound';
    this.#is_owed = false;
  }

  /** A disk that does not take the last line leaves a journal like that of a crash. */
  async close(): Promise<void> {
    if (this.#state === 'sound') await this.#append([lastLine(this.#lines + 1)], true).catch(() => undefined);
    this.#state = 'lost';
    await this.#file?.close();
    this.#file = undefined;
  }

  async #append(lines: readonly string[], durable: boolean): Promise<void> {
    if (this.#file === undefined || this.#state !== 'sound') throw new Error(`${this.#path} must be repaired or replaced first`);
    const bytes = Buffer.from(lines.join(''));
    this.#state = 'tail';
    await this.#file.write([bytes], this.#length);
    this.#state = 'lost';
    if (durable) await this.#file.sync();
    this.#state = 'sound';
    this.#length += bytes.length;
    this.#lines += lines.length;
  }

  async #cutTail(): Promise<void> {
    this.#state = 'lost';
    await this.#file?.truncate(this.#length);
    await this.#file?.sync();
    this.#state = 'sound';
  }
}

function* pieces<Value>(first: string, values: Iterable<Value>, formatted: (value: Value) => string): Generator<Buffer> {
  let lines = [first];
  let chars = 0;
  for (const value of values) {
    const line = formatted(value);
    lines.push(line);
    chars += line.length;
    if (chars < PIECE_CHARS) continue;
    yield Buffer.from(lines.join(''));
    lines = [];
    chars = 0;
  }
  yield Buffer.from(lines.join(''));
}
