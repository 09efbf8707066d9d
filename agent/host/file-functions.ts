// The functions of the files that processes run, each file read once. A process can map any file, so all of this is bounded: how much is
// read in a second, how much is kept, and from which file systems, since a read from some of them could block this process for ever.
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { type ElfFunctions, elfTables, functionAt, functionsOf, type ReadAt } from './elf-functions.ts';
import type { Mapping } from './process-maps.ts';

/** Most bytes of tables that are read in a second, and that are kept. */
const BYTES_MAX = 64 * 1024 * 1024;
const FILES_MAX = 256;
const SECOND_MS = 1000;
/** File systems that need neither another machine nor a user's process to answer a read. */
const LOCAL = new Set(['bcachefs', 'btrfs', 'erofs', 'ext2', 'ext3', 'ext4', 'f2fs', 'overlay', 'squashfs', 'tmpfs', 'vfat', 'xfs', 'zfs']);

type Known = { functions: ElfFunctions | undefined; bytes: number };

export class FileFunctions {
  readonly #proc: string;
  readonly #known = new Map<string, Known>();
  #kept = 0;
  #second_ms = Number.NEGATIVE_INFINITY;
  #left = BYTES_MAX;
  #devices = new Set<string>();

  constructor(proc: string) {
    this.#proc = proc;
  }

  /** The function at that place in the mapped file; undefined where that is not known. */
  nameAt(pid: number, { device, range }: Mapping, file_offset: number, now_ms: number): string | undefined {
    this.#begin(now_ms);
    if (!this.#devices.has(device)) return undefined;
    let file: number | undefined;
    try {
      // This link leads to the mapped file itself, whatever has its name by now and wherever the process sees it.
      file = openSync(`${this.#proc}/${pid}/map_files/${range}`, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      const functions = this.#functionsIn(file);
      return functions && functionAt(functions, file_offset);
    } catch {
      return undefined;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** A user can mount a file system that hangs, but the host's first process then sees its type, or does not see it at all. */
  #begin(now_ms: number): void {
    if (now_ms - this.#second_ms < SECOND_MS) return;
    this.#second_ms = now_ms;
    this.#left = BYTES_MAX;
    this.#devices = localDevices(`${this.#proc}/1/mountinfo`);
  }

  #functionsIn(file: number): ElfFunctions | undefined {
    const stat = fstatSync(file, { bigint: true });
    if (!stat.isFile()) return undefined;
    const id = `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs}`;
    const known = this.#known.get(id);
    if (known !== undefined) return known.functions;
    const read = readerOf(file);
    const tables = elfTables(read);
    const bytes = tables === undefined ? 0 : tables.symbols.size + tables.names.size;
    // This second's bytes are used up: a later call may read the file.
    if (bytes > this.#left) return undefined;
    this.#left -= bytes;
    return this.#keep(id, { functions: tables && functionsOf(read, tables), bytes });
  }

  #keep(id: string, known: Known): ElfFunctions | undefined {
    for (const [oldest, { bytes }] of this.#known) {
      if (this.#known.size < FILES_MAX && this.#kept + known.bytes <= BYTES_MAX) break;
      this.#known.delete(oldest);
      this.#kept -= bytes;
    }
    this.#known.set(id, known);
    this.#kept += known.bytes;
    return known.functions;
  }
}

function readerOf(file: number): ReadAt {
  return (offset, size) => {
    const bytes = Buffer.alloc(size);
    let read = 0;
    while (read < size) {
      const more = readSync(file, bytes, read, size - read, offset + read);
      if (more === 0) return undefined;
      read += more;
    }
    return bytes;
  };
}

function localDevices(mountinfo: string): Set<string> {
  try {
    const lines = readFileSync(mountinfo, 'utf8').split('\n');
    return new Set(lines.flatMap((line) => (LOCAL.has(/ - (\S+) /.exec(line)?.[1] ?? '') ? (line.split(' ')[2] ?? []) : [])));
  } catch {
    return new Set();
  }
}
