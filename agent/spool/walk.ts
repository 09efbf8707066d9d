// Finds the records of a segment by their headers. Skips payloads, and resumes at the next sound header after damage.
import type { DiskFile } from '../durable/disk.ts';
import { HEADER_BYTES_MAX, MAGIC_BYTES, parseHeader, type RecordPlace } from './record.ts';

const WINDOW_BYTES = 64 * 1024;

/** Bytes without a record: a torn tail, or damage. */
export type Gap = { at: number; length: number };
export type Walked = { record: RecordPlace } | { gap: Gap };

/**
 * Records and gaps from `from` to `end` in file order, in arrays: one promise for each of a million small records would take longer than
 * all else. A record that would end behind `end` is part of a gap.
 */
export async function* walk(file: DiskFile, from: number, end: number): AsyncGenerator<readonly Walked[], void> {
  const window = new Window(file, end);
  for (let at = from; at < end; ) {
    await window.cover(at);
    const found: Walked[] = [];
    for (let record = window.recordAt(at); record !== undefined; record = window.recordAt(at)) {
      found.push({ record });
      at += record.length;
    }
    if (found.length === 0) {
      const next = await window.nextHeader(at + 1);
      found.push({ gap: { at, length: next - at } });
      at = next;
    }
    yield found;
  }
}

class Window {
  readonly #file: DiskFile;
  readonly #end: number;
  readonly #buffer = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  #at = 0;
  #bytes: Buffer = this.#buffer.subarray(0, 0);

  constructor(file: DiskFile, end: number) {
    this.#file = file;
    this.#end = end;
  }

  /** Reads on so that the window has the whole header at `at`, if there is one. */
  async cover(at: number): Promise<void> {
    const wanted = Math.min(at + HEADER_BYTES_MAX, this.#end);
    if (at >= this.#at && wanted <= this.#at + this.#bytes.length) return;
    const room = this.#buffer.subarray(0, Math.min(WINDOW_BYTES, this.#end - at));
    this.#bytes = room.subarray(0, await this.#file.read(room, at));
    this.#at = at;
  }

  /** The record whose header is in the window at `at`. */
  recordAt(at: number): RecordPlace | undefined {
    const record = at < this.#at + this.#bytes.length ? parseHeader(this.#bytes, at - this.#at, at) : undefined;
    return record !== undefined && at + record.length <= this.#end ? record : undefined;
  }

  /** The offset of the next sound header, or the end. */
  async nextHeader(from: number): Promise<number> {
    for (let at = from; at < this.#end; ) {
      await this.cover(at);
      const found = this.#bytes.indexOf(MAGIC_BYTES, at - this.#at);
      if (found < 0) {
        // The last bytes of the window may be the beginning of a header.
        at = Math.max(at + 1, this.#at + this.#bytes.length - MAGIC_BYTES.length + 1);
        continue;
      }
      at = this.#at + found;
      await this.cover(at);
      if (this.recordAt(at) !== undefined) return at;
      at++;
    }
    return this.#end;
  }
}
