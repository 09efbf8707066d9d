// Rows of another version of tcplens as rows of this one. The layout comes with the rows (in a recording's header, beside
// a batch), columns are matched by name. Pure: what an older or newer program wrote in, this version's bytes out.
import { type Copy, fitsItsType, type LayoutColumn, type Rewrite, stepBetween } from './layout-steps.ts';
import { type Column, HEAD_AT, KINDS, type Kind } from './rows.gen.ts';

/** One kind's rows as some version lays them out. `schema` names it, as KINDS[kind].schema does for this version. */
export type Layout = { kind: string; schema: string; size: number; columns: readonly LayoutColumn[] };

/** A layout that cannot be one. */
export class LayoutError extends Error {
  readonly code = 'bad_layout';
}

/** Values that had no counterpart and became the nearest one, by column. */
export type Unmapped = Map<string, number>;

export type Conversion = {
  /** Bytes a row in the other layout. */
  readonly size: number;
  /** Columns of the other layout that this version does not have. */
  readonly dropped: readonly string[];
  /** Columns that the other layout lacks: every row says there that nothing is known. */
  readonly missing: readonly string[];
  /** Columns whose type has become one that no old value can be turned into: as if missing. */
  readonly changed: readonly string[];
  /** Whole rows in, as many out; the same bytes where the layouts are the same. Counts in `unmapped`. */
  convert(rows: Uint8Array, unmapped: Unmapped): Uint8Array;
};

const ROW_BYTES_MAX = 4096;
const COLUMNS_MAX = 512;
/** An Enum8 may list 255 names. */
const TYPE_CHARS_MAX = 16 * 1024;
const NAME = /^[a-z][a-z0-9_]{0,63}$/;
/** Without these a row is of no time and no host. */
const NEEDED = { time_ns: 'DateTime64(9)', host_id: 'UInt64' } as const;

/** What a column holds when nothing is known, where rows.h says that it is not zero. */
export const UNKNOWN: Readonly<Record<string, number>> = { uid: 0xffffffff, snd_ssthresh: 0x7fffffff };

/** This version's layout of a kind, to be kept with its rows. */
export function layoutOf(kind: Kind): Layout {
  const { schema, size } = KINDS[kind];
  const columns: readonly Column[] = KINDS[kind].columns;
  return { kind, schema, size, columns: columns.map(({ name, offset, size, type }) => ({ name, offset, size, type })) };
}

/**
 * Checks a layout that someone else wrote.
 * @throws LayoutError
 */
export function parseLayout(value: unknown): Layout {
  const { kind, schema, size, columns } = (value ?? {}) as Partial<Record<keyof Layout, unknown>>;
  if (typeof kind !== 'string' || !NAME.test(kind)) throw new LayoutError('a layout has no kind');
  if (typeof schema !== 'string' || schema.length > 128) throw new LayoutError(`the layout of ${kind} has no schema id`);
  if (!isCount(size, ROW_BYTES_MAX) || size === 0) throw new LayoutError(`the layout of ${kind} has rows of ${size} bytes`);
  if (!Array.isArray(columns) || columns.length > COLUMNS_MAX) throw new LayoutError(`the layout of ${kind} has no list of columns`);
  const parsed = columns.map((column) => parseColumn(kind, size, column));
  const names = parsed.map(({ name }) => name).filter((name) => name !== 'pad');
  if (new Set(names).size < names.length) throw new LayoutError(`the layout of ${kind} has two columns of one name`);
  for (const [name, type] of Object.entries(NEEDED)) {
    if (!parsed.some((column) => column.name === name && column.type === type))
      throw new LayoutError(`the layout of ${kind} has no ${name}`);
  }
  return { kind, schema, size, columns: parsed };
}

function parseColumn(kind: string, row_size: number, value: unknown): LayoutColumn {
  const { name, offset, size, type } = (value ?? {}) as Partial<Record<keyof LayoutColumn, unknown>>;
  if (typeof name !== 'string' || !NAME.test(name)) throw new LayoutError(`the layout of ${kind} has a column without a name`);
  if (typeof type !== 'string' || type.length > TYPE_CHARS_MAX) throw new LayoutError(`${kind}.${name} has no type`);
  if (!isCount(offset, row_size) || !isCount(size, row_size - offset) || !fitsItsType({ name, offset, size, type })) {
    throw new LayoutError(`${kind}.${name}, ${size} bytes at ${offset}, does not fit its type or its row`);
  }
  return { name, offset, size, type };
}

function isCount(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

/** How rows of `layout` become rows of `kind` as this version has it. Compile once, convert many. */
export function conversionTo(kind: Kind, layout: Layout): Conversion {
  const now = layoutOf(kind);
  const given = new Map(layout.columns.map((column) => [column.name, column]));
  const copies: Copy[] = [];
  const rewrites: { name: string; rewrite: Rewrite }[] = [];
  const missing: string[] = [];
  const changed: string[] = [];
  for (const column of now.columns.filter(({ name }) => name !== 'pad')) {
    const old = given.get(column.name);
    const step = old && stepBetween(old, column);
    if (step === undefined) (old ? changed : missing).push(column.name);
    else if ('copy' in step) addCopy(copies, step.copy);
    else rewrites.push({ name: column.name, rewrite: step.rewrite });
  }
  const known = new Set(now.columns.map(({ name }) => name));
  const dropped = layout.columns.map(({ name }) => name).filter((name) => name !== 'pad' && !known.has(name));
  const convert = isSame(layout, now)
    ? (rows: Uint8Array) => rows
    : converter(layout.size, emptyRow(kind, now, [...missing, ...changed]), copies, rewrites);
  return { size: layout.size, dropped, missing, changed, convert };
}

/** Neighbours in both layouts are copied in one go. */
function addCopy(copies: Copy[], { from, to, length }: Copy): void {
  const last = copies.at(-1);
  if (last && last.from + last.length === from && last.to + last.length === to) last.length += length;
  else copies.push({ from, to, length });
}

function isSame(one: Layout, other: Layout): boolean {
  const text = ({ size, columns }: Layout) => JSON.stringify([size, columns.map(({ name, offset, type }) => [name, offset, type])]);
  return text(one) === text(other);
}

/** A row that knows nothing but its kind: `unknown` columns say so, the others wait for their values. */
function emptyRow(kind: Kind, { size, columns }: Layout, unknown: readonly string[]): Buffer {
  const row = Buffer.alloc(size);
  row.writeUInt8(KINDS[kind].index, HEAD_AT.kind);
  for (const { name, offset } of columns) {
    const value = UNKNOWN[name];
    if (value !== undefined && unknown.includes(name)) row.writeUInt32LE(value, offset);
  }
  return row;
}

function converter(
  old_size: number,
  empty: Buffer,
  copies: readonly Copy[],
  rewrites: readonly { name: string; rewrite: Rewrite }[],
): Conversion['convert'] {
  return (rows, unmapped) => {
    if (rows.length % old_size !== 0) throw new RangeError(`${rows.length} bytes are no whole rows of ${old_size}`);
    const converted = Buffer.alloc((rows.length / old_size) * empty.length, empty);
    const old = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
    const from = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    const to = new DataView(converted.buffer, converted.byteOffset, converted.byteLength);
    for (let from_at = 0, to_at = 0; from_at < rows.length; from_at += old_size, to_at += empty.length) {
      for (const { from: old_at, to: new_at, length } of copies) {
        old.copy(converted, to_at + new_at, from_at + old_at, from_at + old_at + length);
      }
      for (const { name, rewrite } of rewrites) {
        if (!rewrite(from, from_at, to, to_at)) unmapped.set(name, (unmapped.get(name) ?? 0) + 1);
      }
    }
    return converted;
  };
}
