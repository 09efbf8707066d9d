// The functions of an ELF file, from its table of symbols. Any user can run a process from any file, so no offset or size in it is trusted
// before it is checked.

/** Reads so many bytes there; undefined where the file does not have them. */
export type ReadAt = (offset: number, size: number) => Buffer | undefined;
type Place = { offset: number; size: number };
/** Where the file has what functionsOf() needs. */
export type ElfTables = { loaded: readonly Loaded[]; symbols: Place; names: Place };
/** A part of the file that is mapped into memory, and the virtual address that the file gives its beginning. */
type Loaded = Place & { address: number };
/** `starts` ascend. */
export type ElfFunctions = { loaded: readonly Loaded[]; starts: Float64Array; ends: Float64Array; names_at: Uint32Array; names: Buffer };

const HEADER = { bytes: 64, segments: 32, sections: 40, segment_bytes: 54, segment_count: 56, section_bytes: 58, section_count: 60 };
const SEGMENT = { bytes: 56, offset: 8, address: 16, size: 32, loaded: 1 };
const SECTION = { bytes: 64, type: 4, offset: 24, size: 32, link: 40, symbols: 2, names: 3, dynamic_symbols: 11 };
const SYMBOL = { bytes: 24, kind: 4, section: 6, address: 8, size: 16, function: 2, indirect_function: 10 };
/** The magic number, 64 bits, little-endian. */
const BEGINNING = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const SEGMENTS_MAX = 128;
const SECTIONS_MAX = 1024;
const SYMBOLS_BYTES_MAX = 16 * 1024 * 1024;
const NAMES_BYTES_MAX = 32 * 1024 * 1024;
const NAME_BYTES_MAX = 64;
/** Names of one function that are compared. */
const ALIASES_MAX = 16;
const NOT_PRINTABLE = /[^\x21-\x7e]/g;

/** Undefined where it is no such file, or one that has no symbols or too many. */
export function elfTables(read: ReadAt): ElfTables | undefined {
  const header = read(0, HEADER.bytes);
  if (header === undefined || !header.subarray(0, BEGINNING.length).equals(BEGINNING)) return undefined;
  const tableAt = (at: number, bytes_at: number, count_at: number, bytes: number, max: number) => {
    const [offset, count] = [numberAt(header, at), Math.min(max, header.readUInt16LE(count_at))];
    return header.readUInt16LE(bytes_at) === bytes && count > 0 && isWhole(offset) ? read(offset, count * bytes) : undefined;
  };
  const segments = tableAt(HEADER.segments, HEADER.segment_bytes, HEADER.segment_count, SEGMENT.bytes, SEGMENTS_MAX);
  const sections = tableAt(HEADER.sections, HEADER.section_bytes, HEADER.section_count, SECTION.bytes, SECTIONS_MAX);
  if (segments === undefined || sections === undefined) return undefined;
  const all = eachOf(sections, SECTION.bytes);
  const loaded = eachOf(segments, SEGMENT.bytes)
    .filter((segment) => segment.readUInt32LE(0) === SEGMENT.loaded)
    .map((segment) => ({ ...placeIn(segment, SEGMENT), address: numberAt(segment, SEGMENT.address) }));
  // A stripped file has only dynamic symbols: functions that other files call.
  for (const type of [SECTION.symbols, SECTION.dynamic_symbols]) {
    const found = all.find((section) => section.readUInt32LE(SECTION.type) === type);
    const linked = found && all[found.readUInt32LE(SECTION.link)];
    if (found === undefined || linked?.readUInt32LE(SECTION.type) !== SECTION.names) continue;
    const [symbols, names] = [placeIn(found, SECTION), placeIn(linked, SECTION)];
    const fits = symbols.size <= SYMBOLS_BYTES_MAX && names.size <= NAMES_BYTES_MAX && isWhole(symbols.offset) && isWhole(names.offset);
    if (fits && symbols.size >= SYMBOL.bytes && names.size > 0) return { loaded, symbols, names };
  }
  return undefined;
}

export function functionsOf(read: ReadAt, { loaded, ...places }: ElfTables): ElfFunctions | undefined {
  const [symbols, names] = [read(places.symbols.offset, places.symbols.size), read(places.names.offset, places.names.size)];
  if (symbols === undefined || names === undefined) return undefined;
  const view = new DataView(symbols.buffer, symbols.byteOffset, symbols.length);
  const ats = new Uint32Array(Math.floor(symbols.length / SYMBOL.bytes));
  let count = 0;
  for (let at = 0; at + SYMBOL.bytes <= symbols.length; at += SYMBOL.bytes) if (isFunction(view, at, names.length)) ats[count++] = at;
  const startOf = (at: number) => wholeAt(view, at + SYMBOL.address);
  const ascending = ats.subarray(0, count).sort((one, other) => startOf(one) - startOf(other));
  const [starts, ends, names_at] = [new Float64Array(count), new Float64Array(count), new Uint32Array(count)];
  ascending.forEach((at, index) => {
    starts[index] = startOf(at);
    ends[index] = startOf(at) + wholeAt(view, at + SYMBOL.size);
    names_at[index] = view.getUint32(at, true);
  });
  return { loaded, starts, ends, names_at, names };
}

/** A symbol without a size could span the whole file; one without a section belongs to another file. */
function isFunction(view: DataView, at: number, names_bytes: number): boolean {
  const kind = view.getUint8(at + SYMBOL.kind) & 0xf;
  if (kind !== SYMBOL.function && kind !== SYMBOL.indirect_function) return false;
  const size = wholeAt(view, at + SYMBOL.size);
  const isHere = view.getUint16(at + SYMBOL.section, true) !== 0 && view.getUint32(at, true) < names_bytes;
  return isHere && size > 0 && isWhole(wholeAt(view, at + SYMBOL.address) + size);
}

/** The function that lies there in the file, by the shortest of its names; undefined where the file says none. */
export function functionAt(functions: ElfFunctions, file_offset: number): string | undefined {
  const { loaded, starts, ends, names_at, names } = functions;
  const segment = loaded.find(({ offset, size }) => offset <= file_offset && file_offset < offset + size);
  if (segment === undefined) return undefined;
  const address = file_offset - segment.offset + segment.address;
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  let shortest: string | undefined;
  const start = starts[low - 1];
  for (let at = low - 1; at >= Math.max(0, low - ALIASES_MAX) && starts[at] === start; at--) {
    if (address >= (ends[at] ?? 0)) continue;
    const name = nameAt(names, names_at[at] ?? 0);
    if (name !== '' && (shortest === undefined || name.length < shortest.length)) shortest = name;
  }
  return shortest;
}

function nameAt(names: Buffer, at: number): string {
  const beginning = names.subarray(at, at + NAME_BYTES_MAX);
  const end = beginning.indexOf(0);
  return beginning.toString('latin1', 0, end < 0 ? beginning.length : end).replace(NOT_PRINTABLE, '_');
}

const eachOf = (table: Buffer, bytes: number): Buffer[] =>
  Array.from({ length: Math.floor(table.length / bytes) }, (_, index) => table.subarray(index * bytes, (index + 1) * bytes));

const placeIn = (entry: Buffer, at: { offset: number; size: number }): Place => ({
  offset: numberAt(entry, at.offset),
  size: numberAt(entry, at.size),
});

/** Rounded where it is too large to be exact. */
const numberAt = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));
/** The same for many numbers, without making a BigInt. */
const wholeAt = (view: DataView, at: number): number => view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
const isWhole = (number: number): boolean => Number.isSafeInteger(number);
