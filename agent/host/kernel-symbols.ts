// Places in the kernel's code by the functions that they lie in.
import { closeSync, openSync, readFileSync } from 'node:fs';

const PATH = '/proc/kallsyms';
const NAME_BYTES = 32;
const NEW_LINE = 10;
/** "ffffffff81000000 T name", with a tab and the module behind it where it is a module's. */
const [LOW_AT, LOW_END, TYPE_AT, NAME_AT] = [4, 16, 17, 19];
/** The upper 16 bits of all kernel addresses. Without them an address is exact as a number. */
const HIGH = 0xffffn;
const LOW_BITS = 48n;
const TYPES: readonly (number | undefined)[] = [...Buffer.from('Tt')];

/** `starts` ascend; `names_at` says where in `text` the name of each begins. */
type Functions = { text: Buffer; starts: Float64Array; names_at: Uint32Array };

export class KernelSymbols {
  /** Opened while the privilege to see addresses is there, read when the first one is asked for. */
  #file: number | undefined;
  #functions: Functions | undefined;
  readonly #known = new Map<bigint, Uint8Array>();

  /** @param path - another list of the same format */
  constructor(path = PATH) {
    try {
      this.#file = openSync(path, 'r');
    } catch {
      // Then all places stay unnamed.
    }
  }

  /** The name of the function that an address lies in, without its offset, as far as a row has room; empty where it is unknown. */
  nameOf(address: bigint): Uint8Array {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    this.#functions ??= this.#read();
    const name = new Uint8Array(NAME_BYTES);
    if (address >> LOW_BITS === HIGH) name.set(lastBefore(this.#functions, Number(BigInt.asUintN(Number(LOW_BITS), address))));
    this.#known.set(address, name);
    return name;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #read(): Functions {
    const functions = functionsIn(this.#file === undefined ? Buffer.alloc(0) : readFileSync(this.#file));
    this.close();
    return functions;
  }
}

function functionsIn(text: Buffer): Functions {
  const found: { start: number; name_at: number }[] = [];
  for (let at = 0, end = text.indexOf(NEW_LINE); end >= 0; at = end + 1, end = text.indexOf(NEW_LINE, at)) {
    if (!TYPES.includes(text[at + TYPE_AT])) continue;
    const start = Number.parseInt(text.toString('latin1', at + LOW_AT, at + LOW_END), 16);
    // Where addresses are hidden they all read as 0.
    if (start > 0) found.push({ start, name_at: at + NAME_AT });
  }
  // The list has modules behind the kernel, in no order. Of two names for one place the later one counts.
  found.sort((one, other) => one.start - other.start);
  return { text, starts: Float64Array.from(found, ({ start }) => start), names_at: Uint32Array.from(found, ({ name_at }) => name_at) };
}

/** The name of the last of those at or before the place; empty where there is none. */
function lastBefore({ text, starts, names_at }: Functions, place: number): Uint8Array {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  const from = names_at[low - 1];
  if (from === undefined) return new Uint8Array();
  const [name = ''] = text.toString('latin1', from, from + NAME_BYTES).split(/\s/);
  return Buffer.from(name, 'latin1');
}
