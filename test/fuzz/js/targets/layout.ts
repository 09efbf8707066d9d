// Layouts that another version tells, and rows that are said to lie so. The input: a layout as JSON, and rows.
import { conversionTo, LayoutError, layoutOf, parseLayout, type Unmapped } from '../../../../bpf/rows/layout.ts';
import { HEAD_AT, KIND, KINDS, type Kind } from '../../../../bpf/rows/rows.gen.ts';
import type { Dice } from '../../../faults/dice.ts';
import { joinParts, splitParts } from '../parts.ts';
import { must, orRefused, type Target } from '../target.ts';

const ROWS_MAX = 64;
const TYPES = [
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
  'Int8',
  'Int64',
  'Bool',
  'FixedString(16)',
  'FixedString(0)',
  'IPv6',
  "Enum8('open' = 0, 'a' = 200)",
  'Float64',
];

type Json = { size: unknown; columns: { name: unknown; offset: unknown; size: unknown; type: unknown }[] };

/** Columns move, change and go, and the layout stays one. */
function otherLayout(text: string, dice: Dice): string {
  const layout = JSON.parse(text) as Json;
  const column = dice.pick(layout.columns);
  const change = dice.between(0, 5);
  if (change === 0) layout.columns.splice(layout.columns.indexOf(column), 1);
  if (change === 1) column.type = dice.pick(TYPES);
  if (change === 2) column.offset = dice.between(0, 300);
  if (change === 3) column.size = dice.pick([1, 2, 4, 8, 16, 32]);
  if (change === 4) layout.size = dice.between(1, 600);
  if (change === 5)
    Object.assign(column, { type: dice.pick(TYPES), size: dice.pick([1, 2, 4, 8, 16]), name: dice.pick(layout.columns).name });
  return JSON.stringify(layout);
}

function convertBy(kind: Kind, layout: ReturnType<typeof parseLayout>, bytes: Buffer): void {
  const conversion = conversionTo(kind, layout);
  const count = Math.min(ROWS_MAX, Math.floor(bytes.length / layout.size));
  const rows = bytes.subarray(0, count * layout.size);
  const before = Buffer.from(rows);
  const unmapped: Unmapped = new Map();
  const converted = Buffer.from(conversion.convert(rows, unmapped));
  must(before.equals(rows), 'what is converted stays as it was');
  must(converted.length === count * KINDS[kind].size, 'as many rows come out');
  const isOwn = converted.length === rows.length && converted.equals(rows);
  for (const [column, values] of unmapped) must(values <= count, `${column} has at most a value a row`);
  for (let row = 0; row < count && !isOwn; row++) {
    must(
      layout.columns.some(({ name }) => name === 'kind') || converted[row * KINDS[kind].size + HEAD_AT.kind] === KINDS[kind].index,
      'of its kind',
    );
  }
  // What is of this version stays what it is.
  const again = conversionTo(kind, layoutOf(kind)).convert(converted, unmapped);
  must(converted.equals(again), 'rows of this version are not changed');
}

/** As large as a request may be, of types that are as long as they may be and list no name: the rest of the text must not be searched for each. */
function longTypes(): Uint8Array {
  const layout = layoutOf('sample');
  const type = `Enum8('${"\\'".repeat(8000)}`;
  const columns = Array.from({ length: 60 }, (_, index) => ({ name: `long${index}`, offset: 0, size: 1, type }));
  return joinParts([Buffer.from(JSON.stringify({ ...layout, columns: [...columns, ...layout.columns] })), Buffer.alloc(0)]);
}

function ownRows(kind: Kind): Uint8Array {
  return joinParts([Buffer.from(JSON.stringify(layoutOf(kind))), Buffer.alloc(KINDS[kind].size * 2, 0x81)]);
}

export const target: Target = {
  covers: /^bpf\/layout/,
  seeds: () => [...KIND.map(ownRows), longTypes()],
  words: [...TYPES, '"pad"', 'constructor', '__proto__', 'Enum8(', "'\\'\\'\\'", "' = ", '\\'],
  mutate(bytes, mutateBytes, dice) {
    const [text = Buffer.alloc(0), rows = Buffer.alloc(0)] = splitParts(bytes, 2);
    if (dice.chance(0.3)) return joinParts([mutateBytes(text), rows]);
    if (dice.chance(0.2)) return joinParts([text, mutateBytes(rows)]);
    try {
      return joinParts([Buffer.from(otherLayout(text.toString(), dice)), rows]);
    } catch {
      return mutateBytes(bytes);
    }
  },
  run(input) {
    const [text, rows] = splitParts(input, 2);
    const value = orRefusedJson(text?.toString() ?? '');
    const layout = orRefused(() => parseLayout(value), LayoutError);
    if (layout === undefined || rows === undefined) return;
    must(JSON.stringify(parseLayout(JSON.parse(JSON.stringify(layout)))) === JSON.stringify(layout), 'a layout read again is the same');
    for (const { name, offset, size } of layout.columns) must(offset + size <= layout.size, `${name} lies within its row`);
    const kind = KIND.find((name) => name === layout.kind);
    if (kind !== undefined) convertBy(kind, layout, rows);
  },
};

function orRefusedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
