// Which of the layouts that agents have told are kept: as many as there is room for, those of rows that came before those that no row
// uses, and of these the ones of whoever has told the most go first.

/** A fleet in the middle of an upgrade speaks two or three versions, some 32 KiB each. */
const BYTES_MAX = 8 * 1024 * 1024;
/** All of one request. */
const HOST_BYTES_MAX = 1024 * 1024;
/** A small file takes a block of its disk, and as much of memory. */
const BLOCK_BYTES = 4096;

type Told<Value> = { host_id: string; bytes: number; value: Value };
/** `used`: the larger, the later; 0 never */
type Entry<Value> = Told<Value> & { used: number };

export class ForeignLayouts<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #bytes_of = new Map<string, number>();
  #bytes = 0;
  #uses = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get(schema: string): Value | undefined {
    return this.#entries.get(schema)?.value;
  }

  /** @param told `bytes` of its file; `host_id` is '' where nobody knows who has told it */
  add(schema: string, { host_id, bytes, value }: Told<Value>): void {
    this.#take(schema);
    const blocks = Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
    this.#entries.set(schema, { host_id, bytes: blocks, value, used: 0 });
    this.#count(host_id, blocks);
  }

  use(schema: string): void {
    const entry = this.#entries.get(schema);
    if (entry !== undefined) entry.used = ++this.#uses;
  }

  /** Forgets what is too much, of the host that has just told some and of all. @returns the schemas of these */
  takeExcess(host_id: string): string[] {
    const gone: string[] = [];
    while (this.#of(host_id) > HOST_BYTES_MAX) gone.push(this.#takeLeast((entry) => entry.host_id === host_id));
    while (this.#bytes > BYTES_MAX) gone.push(this.#takeLeast(() => true));
    return gone;
  }

  #takeLeast(among: (entry: Entry<Value>) => boolean): string {
    let least: [schema: string, entry: Entry<Value>] | undefined;
    for (const [schema, entry] of this.#entries) {
      if (among(entry) && (least === undefined || this.#goesBefore(entry, least[1]))) least = [schema, entry];
    }
    const [schema = ''] = least ?? [];
    this.#take(schema);
    return schema;
  }

  /** Entries are looked at in the order in which they were told, so the first of equals is the oldest. */
  #goesBefore(one: Entry<Value>, other: Entry<Value>): boolean {
    if (one.used !== other.used) return one.used < other.used;
    return this.#of(one.host_id) > this.#of(other.host_id);
  }

  #take(schema: string): void {
    const entry = this.#entries.get(schema);
    if (entry === undefined) return;
    this.#entries.delete(schema);
    this.#count(entry.host_id, -entry.bytes);
  }

  #of(host_id: string): number {
    return this.#bytes_of.get(host_id) ?? 0;
  }

  #count(host_id: string, bytes: number): void {
    this.#bytes += bytes;
    const of_host = this.#of(host_id) + bytes;
    if (of_host === 0) this.#bytes_of.delete(host_id);
    else this.#bytes_of.set(host_id, of_host);
  }
}
