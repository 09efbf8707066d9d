// The layouts that agents of other versions have sent, with a limit of bytes. Beyond it, layouts of which no rows came are removed first,
// and among those the layouts of the host that has sent the most.

/** A fleet in the middle of an upgrade has two or three versions, with some 32 KiB of layouts each. */
const BYTES_MAX = 8 * 1024 * 1024;
/** Limit of bytes of one host; the layouts of one request fit in. */
const HOST_BYTES_MAX = 1024 * 1024;
/** Even a small file takes a block of the disk, and as much memory. */
const BLOCK_BYTES = 4096;

type Sent<Value> = { host_id: string; bytes: number; value: Value };
/** `used`: number of the layout's last use, counted over all layouts, so a larger one is later; 0: no rows of this layout came. */
type Entry<Value> = Sent<Value> & { used: number };

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

  /** `bytes`: of the layout's file. `host_id`: of the host that has sent it; '' where that is not known. */
  add(schema: string, { host_id, bytes, value }: Sent<Value>): void {
    this.#take(schema);
    const blocks = Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
    this.#entries.set(schema, { host_id, bytes: blocks, value, used: 0 });
    this.#count(host_id, blocks);
  }

  use(schema: string): void {
    const entry = this.#entries.get(schema);
    if (entry !== undefined) entry.used = ++this.#uses;
  }

  /** Removes layouts until the host and all hosts together are within their limits. @returns the schemas of the removed layouts */
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

  /**
   * Whether `one` is removed before `other`. Of equal ones the first in the list is removed first, which is the one that was sent first.
   */
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
