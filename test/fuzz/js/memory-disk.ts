// A disk in memory, for what would cost a real one thousands of files a second.
import type { Disk, DiskFile, OpenMode } from '../../../agent/durable/disk.ts';

export class MemoryDisk implements Disk {
  readonly #files = new Map<string, Buffer>();
  open_files = 0;

  put(path: string, bytes: Uint8Array): void {
    this.#files.set(path, Buffer.from(bytes));
  }

  get bytes(): number {
    return [...this.#files.values()].reduce((sum, { length }) => sum + length, 0);
  }

  async open(path: string, how: OpenMode): Promise<DiskFile> {
    if (how === 'read' && !this.#files.has(path)) throw Object.assign(new Error(`there is no ${path}`), { code: 'ENOENT' });
    if (how === 'new' && this.#files.has(path)) throw new Error(`${path} is there`);
    if (how === 'empty' || !this.#files.has(path)) this.#files.set(path, Buffer.alloc(0));
    this.open_files++;
    const bytes = () => this.#files.get(path) ?? Buffer.alloc(0);
    return {
      read: async (into, position) => bytes().copy(into, 0, position),
      write: async (parts, position) => {
        const written = Buffer.concat(parts);
        const all = Buffer.alloc(Math.max(bytes().length, position + written.length));
        bytes().copy(all);
        written.copy(all, position);
        this.#files.set(path, all);
      },
      truncate: async (length) => this.put(path, bytes().subarray(0, length)),
      sync: async () => {},
      size: async () => bytes().length,
      close: async () => {
        this.open_files--;
      },
    };
  }

  async list(directory: string): Promise<string[]> {
    return [...this.#files.keys()].filter((path) => path.startsWith(`${directory}/`)).map((path) => path.slice(directory.length + 1));
  }

  async rename(from: string, to: string): Promise<void> {
    const bytes = this.#files.get(from);
    if (bytes === undefined) throw new Error(`there is no ${from}`);
    this.#files.delete(from);
    this.#files.set(to, bytes);
  }

  async remove(path: string): Promise<void> {
    this.#files.delete(path);
  }

  async link(from: string, to: string): Promise<void> {
    this.put(to, this.#files.get(from) ?? Buffer.alloc(0));
  }

  async makeDirectory(): Promise<void> {}

  async syncDirectory(): Promise<void> {}
}
