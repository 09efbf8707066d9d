// Places in the kernel's code by the functions that they lie in.
import { closeSync, openSync, readFileSync } from 'node:fs';

const PATH = '/proc/kallsyms';
const NAME_BYTES = 32;
const NEW_LINE = 10;
/** "ffffffff81000000 T name", with a tab and the module behind it where it is a module's. */
const TYPE_AT = 17;
const NAME_AT = 19;

type Functions = { high: Uint32Array; low: Uint32Array; names: Buffer; count: number };

export class KernelSymbols {
  /** Opened while the privilege to see addresses is there, read when the first one is asked for. */
  #file: number | undefined;
  #functions: Functions | undefined;
  readonly #known = new Map<bigint, Uint8Array>();

  constructor() {
    try {
      this.#file = openSync(PATH, 'r');
    } catch {
      // All places stay unnamed then.
    }
  }

  /** The name of the function that an address lies in, without its offset, as far as a row has room; empty where it is unknown. */
  nameOf(address: bigint): Uint8Array {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    this.#functions ??= this.#read();
    const name = nearest(this.#functions, Number(address >> 32n), Number(address & 0xffff_ffffn));
    this.#known.set(address, name);
    return name;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #read(): Functions {
    if (this.#file === undefined) return { high: new Uint32Array(), low: new Uint32Array(), names: Buffer.alloc(0), count: 0 };
    const functions = functionsIn(readFileSync(this.#file));
    this.close();
    return functions;
  }
}

/** Where addresses are hidden they all read as 0. */
function functionsIn(text: Buffer): Functions {
  let lines = 0;
  for (let at = text.indexOf(NEW_LINE); at >= 0; at = text.indexOf(NEW_LINE, at + 1)) lines++;
  const all = { high: new Uint32Array(lines), low: new Uint32Array(lines), names: Buffer.alloc(lines * NAME_BYTES), count: 0 };
  for (let at = 0, end = text.indexOf(NEW_LINE); end >= 0; at = end + 1, end = text.indexOf(NEW_LINE, at)) {
    const type = text[at + TYPE_AT];
    if (type !== 0x54 && type !== 0x74) continue;
    const line = text.toString('latin1', at, end);
    const high = Number.parseInt(line.slice(0, 8), 16);
    if (high === 0) continue;
    all.high[all.count] = high;
    all.low[all.count] = Number.parseInt(line.slice(8, 16), 16);
    all.names.write(line.slice(NAME_AT).replace(/\s.*/, ''), all.count * NAME_BYTES, NAME_BYTES, 'latin1');
    all.count++;
  }
  return all;
}

/** Of those at or before the address the last. */
function nearest({ high, low, names, count }: Functions, address_high: number, address_low: number): Uint8Array {
  let found = -1;
  let found_high = 0;
  let found_low = 0;
  for (let each = 0; each < count; each++) {
    const each_high = high[each] ?? 0;
    const each_low = low[each] ?? 0;
    const is_beyond = each_high > address_high || (each_high === address_high && each_low > address_low);
    if (is_beyond || each_high < found_high || (each_high === found_high && each_low < found_low)) continue;
    found = each;
    found_high = each_high;
    found_low = each_low;
  }
  return found < 0 ? new Uint8Array(NAME_BYTES) : Uint8Array.from(names.subarray(found * NAME_BYTES, (found + 1) * NAME_BYTES));
}
