// Scans one segment file of an earlier run: which batches still wait, and which rows the books say should be there and are not.

import type { Disk, DiskFile } from '../durable/disk.ts';
import type { BooksState } from './books-state.ts';
import { RowCounts } from './row-counts.ts';
import { Segment } from './segment.ts';
import { fileOf, setAside } from './segments.ts';
import { type Gap, walk } from './walk.ts';

export type TakenOver = {
  /** undefined where no batch waits: the file was removed, or set aside */
  segment: Segment | undefined;
  /** host ids by epoch, and schemas, of the batches that wait */
  hosts: Map<string, string>;
  schemas: Set<string>;
  /** rows that wait according to the books and cannot be read */
  missing: RowCounts;
  /** for the log */
  notice: string | undefined;
};

/** Never throws: rows that cannot be read count as missing. */
export async function takeOver(disk: Disk, directory: string, number: number, books: BooksState): Promise<TakenOver> {
  const path = fileOf(directory, number);
  const { length: known = 0, waiting = [] } = books.segments.get(number) ?? {};
  const missing = new RowCounts(waiting);
  const segment = new Segment(number);
  segment.taken_over = true;
  for (const range of books.done.get(number) ?? []) segment.done.add(range);
  const look = new Look(segment, known, missing);
  const file = await disk.open(path, 'any').catch(() => undefined);
  try {
    if (file !== undefined) await look.at(file);
  } catch {
    segment.damaged = true;
  } finally {
    await file?.close().catch(() => undefined);
  }
  segment.damaged ||= file === undefined;
  const taken = {
    hosts: look.hosts,
    schemas: look.schemas,
    missing,
    notice: segment.damaged ? `${path} is damaged: what of it cannot be read is lost` : undefined,
  };
  if (!segment.all_done) return { ...taken, segment };
  await (segment.damaged ? setAside(disk, directory, path) : disk.remove(path)).catch(() => undefined);
  return { ...taken, segment: undefined };
}

class Look {
  readonly hosts = new Map<string, string>();
  readonly schemas = new Set<string>();
  readonly #segment: Segment;
  readonly #known: number;
  readonly #missing: RowCounts;

  constructor(segment: Segment, known: number, missing: RowCounts) {
    this.#segment = segment;
    this.#known = known;
    this.#missing = missing;
  }

  async at(file: DiskFile): Promise<void> {
    const size = await file.size();
    for await (const walked of walk(file, 0, size)) {
      for (const each of walked) {
        if ('gap' in each) await this.#gap(each.gap, file, size);
        else this.#record(each.record);
      }
    }
    if (size < this.#known) this.#segment.damaged = true;
  }

  #record(record: Parameters<Segment['add']>[0]): void {
    if (this.#segment.done.has(record.at)) {
      this.#segment.length = record.at + record.length;
      return;
    }
    this.#segment.add(record, false);
    const { host_id, epoch, schema } = record.head;
    this.hosts.set(epoch, host_id);
    this.schemas.add(schema);
    if (record.at < this.#known) this.#missing.remove(record.head);
  }

  /** A gap behind the length that the books have is a torn tail: a write that the crash interrupted. */
  async #gap({ at, length }: Gap, file: DiskFile, size: number): Promise<void> {
    // Rows in the gap count as missing, so it is marked as done: if it can be read later, they must not be sent as well.
    this.#segment.done.add([at, at + length]);
    if (at + length < size || at < this.#known) this.#segment.damaged = true;
    else await file.truncate(at);
  }
}
