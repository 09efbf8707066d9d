// How a value of one column becomes a value of the same column in another layout.
import type { Column } from './rows.gen.ts';

/** A column as far as a row's bytes are concerned. */
export type LayoutColumn = Pick<Column, 'name' | 'offset' | 'size' | 'type'>;

/** Bytes that stay what they are; offsets within the rows. */
export type Copy = { from: number; to: number; length: number };

/** Writes the value of one row, given where both rows begin. False: it has no counterpart, and the nearest was written. */
export type Rewrite = (from: DataView, from_at: number, to: DataView, to_at: number) => boolean;

export type Step = { copy: Copy } | { rewrite: Rewrite };

/** What a type's values can become: those of the same sort. `opaque` ones only themselves. */
type Shape =
  | { sort: 'integer'; min: bigint; max: bigint }
  | { sort: 'text' }
  | { sort: 'enum'; names: ReadonlyMap<number, string> }
  | { sort: 'opaque' };

const FLAG: Shape = { sort: 'integer', min: 0n, max: 1n };
const TEXT: Shape = { sort: 'text' };
const OPAQUE: Shape = { sort: 'opaque' };

/** The type's shape and the bytes that a value takes; undefined where only another version knows. */
function readType(type: string): { shape: Shape; size: number | undefined } {
  const [, unsigned, bits] = /^(U?)Int(8|16|32|64)$/.exec(type) ?? [];
  if (bits !== undefined) {
    const width = BigInt(bits);
    const shape: Shape = unsigned
      ? { sort: 'integer', min: 0n, max: (1n << width) - 1n }
      : { sort: 'integer', min: -(1n << (width - 1n)), max: (1n << (width - 1n)) - 1n };
    return { shape, size: Number(bits) / 8 };
  }
  const length = /^FixedString\((\d{1,4})\)$/.exec(type)?.[1];
  if (length !== undefined) return { shape: TEXT, size: Number(length) };
  if (type === 'Bool') return { shape: FLAG, size: 1 };
  if (type.startsWith('Enum8(')) return { shape: { sort: 'enum', names: enumNames(type) }, size: 1 };
  return { shape: OPAQUE, size: { 'DateTime64(9)': 8, IPv6: 16 }[type] };
}

/** Sticky, so that what is no list of names is looked at once, and not once from each of its characters: it may be long. */
const ENUMERATOR = /'((?:[^'\\]|\\.)*)' = (-?\d{1,3})(?:, )?/y;

function enumNames(type: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  ENUMERATOR.lastIndex = 'Enum8('.length;
  for (let found = ENUMERATOR.exec(type); found !== null; found = ENUMERATOR.exec(type)) {
    const [, name = '', value] = found;
    names.set(Number(value) & 0xff, name);
  }
  return names;
}

/** Whether a column has the bytes that its type needs, as far as this version knows the type. */
export function fitsItsType({ type, size }: LayoutColumn): boolean {
  const needed = readType(type).size;
  return needed === undefined || needed === size;
}

/**
 * How values of `from` become values of `to`. Whatever is not written stays as the new row is at first: zero beyond the
 * bytes of a shorter value.
 * @returns undefined when none can be made of them
 */
export function stepBetween(from: LayoutColumn, to: LayoutColumn): Step | undefined {
  const whole = { copy: { from: from.offset, to: to.offset, length: Math.min(from.size, to.size) } };
  if (from.type === to.type) return whole;
  const [old, now] = [readType(from.type).shape, readType(to.type).shape];
  if (old.sort === 'integer' && now.sort === 'integer') {
    // Little-endian: a wider field takes the bytes of an unsigned value as they are.
    return old.min === 0n && old.max <= now.max ? whole : { rewrite: clampInteger(from, to, now.min, now.max) };
  }
  if (old.sort === 'text' && now.sort === 'text') return from.size <= to.size ? whole : { rewrite: cutText(from, to) };
  if (old.sort === 'enum' && now.sort === 'enum') return { rewrite: renumber(from, to, old.names, now.names) };
  return undefined;
}

/** What does not fit becomes the nearest value that does. */
function clampInteger(from: LayoutColumn, to: LayoutColumn, min: bigint, max: bigint): Rewrite {
  const signed = from.type.startsWith('Int');
  return (source, from_at, target, to_at) => {
    const value = readInteger(source, from_at + from.offset, from.size, signed);
    const nearest = value < min ? min : value > max ? max : value;
    for (let at = 0; at < to.size; at++) target.setUint8(to_at + to.offset + at, Number((nearest >> BigInt(8 * at)) & 0xffn));
    return nearest === value;
  };
}

function readInteger(view: DataView, at: number, size: number, signed: boolean): bigint {
  let value = 0n;
  for (let byte = size - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(view.getUint8(at + byte));
  return signed ? BigInt.asIntN(size * 8, value) : value;
}

function cutText(from: LayoutColumn, to: LayoutColumn): Rewrite {
  return (source, from_at, target, to_at) => {
    for (let at = 0; at < to.size; at++) target.setUint8(to_at + to.offset + at, source.getUint8(from_at + from.offset + at));
    return source.getUint8(from_at + from.offset + to.size) === 0;
  };
}

/** Enumerators are matched by name; without a counterpart it is the first, which rows.h keeps for that. */
function renumber(from: LayoutColumn, to: LayoutColumn, old: ReadonlyMap<number, string>, now: ReadonlyMap<number, string>): Rewrite {
  const values = new Map([...now].map(([value, name]) => [name, value]));
  const table = Array.from({ length: 256 }, (_, value) => values.get(old.get(value) ?? ''));
  return (source, from_at, target, to_at) => {
    const value = table[source.getUint8(from_at + from.offset)];
    target.setUint8(to_at + to.offset, value ?? 0);
    return value !== undefined;
  };
}
