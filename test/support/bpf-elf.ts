// What is in a BPF object as it was built: its programs, and which maps each of them uses, on its own or in what it calls.
import { readFileSync } from 'node:fs';

type Section = { name: string; type: number; offset: number; size: number; link: number; info: number };
type Named = { name: string; type: number; section: number; value: number; size: number };
/** Instructions from `from` on up to `to` of a section. */
type Code = { section: number; from: number; to: number };

const [SYMBOLS, RELOCATIONS] = [2, 9];
const [OBJECT, FUNCTION] = [1, 2];
const INSTRUCTION_BYTES = 8;
const CALL = 0x85;
const PSEUDO_CALL = 1;

/** The maps that each attached program uses, by itself or in functions that it calls. */
export function mapsOfPrograms(file: string): Map<string, Set<string>> {
  const elf = new Elf(readFileSync(file));
  const programs = elf.symbols.filter(
    ({ type, section }) => type === FUNCTION && /^(tp_btf|iter)\//.test(elf.sections[section]?.name ?? ''),
  );
  return new Map(programs.map((program) => [program.name, elf.mapsOf(program)]));
}

class Elf {
  readonly sections: readonly Section[];
  readonly symbols: readonly Named[];
  readonly #bytes: Buffer;
  /** By section and the place in it. */
  readonly #relocated = new Map<string, Named>();

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.sections = this.#readSections();
    this.symbols = this.sections.filter(({ type }) => type === SYMBOLS).flatMap((section) => this.#readSymbols(section));
    for (const { type, offset, size, info } of this.sections) {
      if (type !== RELOCATIONS) continue;
      for (let at = offset; at < offset + size; at += 16) {
        const symbol = this.symbols[bytes.readUInt32LE(at + 12)];
        if (symbol !== undefined) this.#relocated.set(`${info} ${Number(bytes.readBigUInt64LE(at))}`, symbol);
      }
    }
  }

  mapsOf(program: Named): Set<string> {
    const maps = new Set<string>();
    const seen = new Set<string>();
    const next = [codeOf(program)];
    for (let code = next.pop(); code !== undefined; code = next.pop()) {
      const key = `${code.section} ${code.from}`;
      if (seen.has(key)) continue;
      seen.add(key);
      for (let at = code.from; at < code.to; at += INSTRUCTION_BYTES) {
        const symbol = this.#relocated.get(`${code.section} ${at}`);
        if (symbol?.type === OBJECT && this.sections[symbol.section]?.name === '.maps') maps.add(symbol.name);
        const called = this.#calledAt(code.section, at, symbol);
        if (called !== undefined) next.push(called);
      }
    }
    return maps;
  }

  #calledAt(section: number, at: number, symbol: Named | undefined): Code | undefined {
    const place = (this.sections[section]?.offset ?? 0) + at;
    if (this.#bytes[place] !== CALL || (this.#bytes[place + 1] ?? 0) >> 4 !== PSEUDO_CALL) return undefined;
    if (symbol?.type === FUNCTION) return codeOf(symbol);
    // A function of this file alone: its distance is in the instruction, from here or, where a section is named, from its beginning.
    const distance = (this.#bytes.readInt32LE(place + 4) + 1) * INSTRUCTION_BYTES;
    const [within, value] = symbol === undefined ? [section, at + distance] : [symbol.section, distance];
    const called = this.symbols.find((each) => each.type === FUNCTION && each.section === within && each.value === value);
    if (called === undefined) throw new Error(`no function at ${value} of section ${within}`);
    return codeOf(called);
  }

  #readSections(): Section[] {
    const bytes = this.#bytes;
    const [table, size, count, names] = [
      Number(bytes.readBigUInt64LE(40)),
      bytes.readUInt16LE(58),
      bytes.readUInt16LE(60),
      bytes.readUInt16LE(62),
    ];
    const at = (index: number) => table + index * size;
    const names_offset = Number(bytes.readBigUInt64LE(at(names) + 24));
    return Array.from({ length: count }, (_, index) => ({
      name: this.#textAt(names_offset + bytes.readUInt32LE(at(index))),
      type: bytes.readUInt32LE(at(index) + 4),
      offset: Number(bytes.readBigUInt64LE(at(index) + 24)),
      size: Number(bytes.readBigUInt64LE(at(index) + 32)),
      link: bytes.readUInt32LE(at(index) + 40),
      info: bytes.readUInt32LE(at(index) + 44),
    }));
  }

  #readSymbols({ offset, size, link }: Section): Named[] {
    const bytes = this.#bytes;
    const names_offset = this.sections[link]?.offset ?? 0;
    return Array.from({ length: size / 24 }, (_, index) => offset + index * 24).map((at) => ({
      name: this.#textAt(names_offset + bytes.readUInt32LE(at)),
      type: (bytes[at + 4] ?? 0) & 0xf,
      section: bytes.readUInt16LE(at + 6),
      value: Number(bytes.readBigUInt64LE(at + 8)),
      size: Number(bytes.readBigUInt64LE(at + 16)),
    }));
  }

  #textAt(offset: number): string {
    return this.#bytes.toString('latin1', offset, this.#bytes.indexOf(0, offset));
  }
}

function codeOf({ section, value, size }: Named): Code {
  return { section, from: value, to: value + size };
}
