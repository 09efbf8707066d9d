// Names places in the code of processes by the functions that they lie in, as far as a look at the process a moment later tells. A process
// can make up names, but only for its own code. /tmp/perf-PID.map is not read, which anybody could write.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { FileFunctions } from './file-functions.ts';
import { executableIn, type Mapping, mappingAt } from './process-maps.ts';
import { bootTimeMs, readStat, startMs } from './processes.ts';

/** How long a process's mappings are taken to stay as they were, and how many processes are looked at in that time. */
const LOOK_MS = 1000;
const PROCESSES_MAX = 64;
const MAPS_BYTES_MAX = 4 * 1024 * 1024;
const PLACES_MAX = 10_000;
/** Code that was made while the process ran. */
const NO_FILE = '[no_file]';

type Process = { started_ms: number; mappings: readonly Mapping[] };

export class UserSymbols {
  readonly #proc: string;
  readonly #files: FileFunctions;
  readonly #processes = new Map<number, Process | undefined>();
  readonly #names = new Map<string, string>();
  #look_ms = Number.NEGATIVE_INFINITY;
  #boot_ms = 0;

  /** @param proc - another folder of the same form */
  constructor(proc = '/proc') {
    this.#proc = proc;
    this.#files = new FileFunctions(proc);
  }

  /**
   * The functions of a stack, the innermost first: by name, else by module and place in its file. Places that lie in no code of the process are
   * left out: a program without frame pointers leaves such. None where the process has gone, or is another one than at `time_ms`.
   */
  namesOf(pid: number, time_ms: number, addresses: readonly bigint[], now_ms = performance.now()): string[] {
    const process = this.#processOf(pid, now_ms);
    // The process's start is known to the second, rounded down.
    if (process === undefined || process.started_ms > time_ms) return [];
    // Each is a return address: the call lies before it.
    const names = addresses.map((address) => this.#nameOf(pid, process, Number(address) - 1, now_ms));
    return names.filter((name, index) => name !== '' && !(name === NO_FILE && names[index - 1] === NO_FILE));
  }

  #processOf(pid: number, now_ms: number): Process | undefined {
    if (now_ms - this.#look_ms >= LOOK_MS) {
      this.#processes.clear();
      this.#names.clear();
      this.#look_ms = now_ms;
      // The clock may have been set.
      this.#boot_ms = bootTimeMs(readFileSync(`${this.#proc}/stat`, 'utf8'));
    }
    if (this.#processes.has(pid) || this.#processes.size >= PROCESSES_MAX) return this.#processes.get(pid);
    const process = this.#read(pid);
    this.#processes.set(pid, process);
    return process;
  }

  #read(pid: number): Process | undefined {
    try {
      const mappings = executableIn(beginningOf(`${this.#proc}/${pid}/maps`));
      // Read after the maps: if another process took the pid in between, its start is later.
      const { start_ticks } = readStat(readFileSync(`${this.#proc}/${pid}/stat`, 'utf8'));
      return { mappings, started_ms: startMs(this.#boot_ms, start_ticks) };
    } catch {
      return undefined;
    }
  }

  #nameOf(pid: number, { mappings }: Process, address: number, now_ms: number): string {
    const key = `${pid} ${address}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const mapping = mappingAt(mappings, address);
    const name = mapping === undefined ? '' : this.#nameIn(pid, mapping, address, now_ms);
    if (this.#names.size < PLACES_MAX) this.#names.set(key, name);
    return name;
  }

  #nameIn(pid: number, mapping: Mapping, address: number, now_ms: number): string {
    if (mapping.module === '') return NO_FILE;
    const offset = address - mapping.start + mapping.offset;
    return this.#files.nameAt(pid, mapping, offset, now_ms) ?? `${mapping.module}+0x${offset.toString(16)}`;
  }
}

/** The beginning of a file in /proc, which tells no size and is read in pieces. */
function beginningOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let left = MAPS_BYTES_MAX; left > 0; ) {
      const piece = Buffer.alloc(Math.min(left, 64 * 1024));
      const bytes = readSync(file, piece);
      if (bytes === 0) break;
      pieces.push(piece.subarray(0, bytes));
      left -= bytes;
    }
    return Buffer.concat(pieces).toString('latin1');
  } finally {
    closeSync(file);
  }
}
