// Rows of other versions: hand-made layouts and bytes in, this version's bytes out.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { conversionTo, type Layout, LayoutError, layoutOf, parseLayout, UNKNOWN, type Unmapped } from '../../../bpf/rows/layout.ts';
import { stepBetween } from '../../../bpf/rows/layout-steps.ts';
import { type Column, END_REASON, KIND, KINDS, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { tries } from '../../support/tries.ts';

const SIZES: Record<string, number> = { Bool: 1, UInt8: 1, Int8: 1, UInt16: 2, Int16: 2, UInt32: 4, Int32: 4, UInt64: 8, Int64: 8 };
/** The largest row's. */
const ROW_BYTES_MAX = Math.max(...KIND.map((kind) => KINDS[kind].size));
const sizeOf = (type: string) => SIZES[type] ?? Number(/^FixedString\((\d+)\)$/.exec(type)?.[1] ?? 1);

/** One value as bytes in hex, from a column of one type at 3 to one of another at 5. `kept`: nothing of it was lost. */
function rewritten(from: string, to: string, hex: string): { hex: string; kept: boolean } | undefined {
  const step = stepBetween({ name: 'a', offset: 3, size: sizeOf(from), type: from }, { name: 'a', offset: 5, size: sizeOf(to), type: to });
  if (step === undefined) return undefined;
  const old = Buffer.alloc(64, 0xee);
  Buffer.from(hex, 'hex').copy(old, 10 + 3);
  const now = Buffer.alloc(64);
  let kept = true;
  if ('copy' in step) old.copy(now, 20 + step.copy.to, 10 + step.copy.from, 10 + step.copy.from + step.copy.length);
  else kept = step.rewrite(new DataView(old.buffer, old.byteOffset, 64), 10, new DataView(now.buffer, now.byteOffset, 64), 20);
  const size = sizeOf(to);
  const rest = Buffer.concat([now.subarray(0, 25), now.subarray(25 + size)]);
  expect(rest.every((byte) => byte === 0)).toBe(true);
  return { hex: now.toString('hex', 25, 25 + size), kept };
}

const COLOURS = "Enum8('none' = 0, 'red' = 1, 'green' = 2)";
const MORE_COLOURS = "Enum8('none' = 0, 'green' = 1, 'blue' = 2, 'red' = 3)";

test.each([
  { from: 'UInt32', to: 'UInt32', value: '01020304', becomes: '01020304' },
  { from: 'UInt16', to: 'UInt64', value: 'feff', becomes: 'feff000000000000' },
  { from: 'UInt32', to: 'Int64', value: 'ffffffff', becomes: 'ffffffff00000000' },
  { from: 'Int16', to: 'Int32', value: 'feff', becomes: 'feffffff' },
  { from: 'Int16', to: 'Int32', value: '0200', becomes: '02000000' },
  { from: 'Bool', to: 'UInt16', value: '01', becomes: '0100' },
  { from: 'UInt64', to: 'UInt32', value: '7856341200000000', becomes: '78563412' },
  { from: 'FixedString(4)', to: 'FixedString(6)', value: '61626364', becomes: '616263640000' },
  { from: 'FixedString(6)', to: 'FixedString(4)', value: '616263640000', becomes: '61626364' },
  { from: COLOURS, to: MORE_COLOURS, value: '01', becomes: '03' },
  { from: COLOURS, to: MORE_COLOURS, value: '02', becomes: '01' },
])('$value, $from, is $becomes as $to', ({ from, to, value, becomes }) => {
  expect(rewritten(from, to, value)).toEqual({ hex: becomes, kept: true });
});

test.each([
  { from: 'UInt64', to: 'UInt32', value: '0000000001000000', becomes: 'ffffffff' },
  { from: 'Int32', to: 'UInt32', value: 'ffffffff', becomes: '00000000' },
  { from: 'Int32', to: 'Int8', value: '00ffffff', becomes: '80' },
  { from: 'UInt64', to: 'Int64', value: 'ffffffffffffffff', becomes: 'ffffffffffffff7f' },
  { from: 'UInt8', to: 'Bool', value: '07', becomes: '01' },
  { from: 'FixedString(6)', to: 'FixedString(4)', value: '616263646566', becomes: '61626364' },
  { from: MORE_COLOURS, to: COLOURS, value: '02', becomes: '00' },
  { from: COLOURS, to: MORE_COLOURS, value: '09', becomes: '00' },
])('$value, $from, does not fit $to: $becomes, counted', ({ from, to, value, becomes }) => {
  expect(rewritten(from, to, value)).toEqual({ hex: becomes, kept: false });
});

test.each([
  ['UInt32', 'FixedString(4)'],
  ['UInt8', COLOURS],
  [COLOURS, 'UInt8'],
  ['IPv6', 'FixedString(16)'],
  ['DateTime64(9)', 'UInt64'],
  ['Decimal(9, 2)', 'UInt64'],
])('no %s becomes a %s', (from, to) => {
  expect(rewritten(from, to, '00')).toBeUndefined();
});

/** A layout with these columns one after the other. */
function placed(kind: Kind, columns: Layout['columns']): Layout {
  let size = 0;
  const found = columns.map((column) => {
    const offset = size;
    size += column.size;
    return { ...column, offset };
  });
  return parseLayout({ kind, schema: `${kind}/other`, size, columns: found });
}

/** This version's layout of a kind with some columns changed: undefined takes one out. */
function edited(
  kind: Kind,
  edit: (column: Layout['columns'][number]) => Partial<Column> | undefined,
  extra: Layout['columns'] = [],
): Layout {
  const columns = [...layoutOf(kind).columns, ...extra].flatMap((column) => {
    const change = edit(column);
    return change === undefined ? [] : [{ ...column, ...change }];
  });
  return placed(kind, columns);
}

test('the same layout: the same bytes', () => {
  const rows = rowBytes('sample', { connection_id: 7 });
  const { convert, ...told } = conversionTo('sample', layoutOf('sample'));
  expect(convert(rows, new Map())).toBe(rows);
  expect(told).toEqual({ size: KINDS.sample.size, dropped: [], missing: [], changed: [] });
});

test('columns go by name: moved, gone, new, of another form, widened, renumbered', () => {
  const layout = edited(
    'connection',
    ({ name }) => {
      if (name === 'uid' || name === 'snd_ssthresh' || name === 'unacked') return undefined;
      if (name === 'duration_us') return { type: 'UInt32', size: 4 };
      if (name === 'event') return { type: 'UInt8' };
      if (name === 'end_reason') return { type: "Enum8('none' = 0, 'timeout' = 1, 'bored' = 2)" };
      return {};
    },
    [{ name: 'mood', offset: 0, size: 3, type: 'FixedString(3)' }],
  );
  const conversion = conversionTo('connection', layout);
  expect(conversion.dropped).toEqual(['mood']);
  expect(conversion.missing).toEqual(['uid', 'snd_ssthresh', 'unacked']);
  expect(conversion.changed).toEqual(['event']);

  const old = (values: Record<string, number>, comm: string) => {
    const row = Buffer.alloc(layout.size, 0);
    for (const { name, offset, size } of layout.columns)
      if (values[name] !== undefined) row.writeUIntLE(values[name] ?? 0, offset, Math.min(size, 6));
    row.write(comm, layout.columns.find(({ name }) => name === 'comm')?.offset ?? 0);
    return row;
  };
  const first = old(
    { kind: KINDS.connection.index, connection_id: 11, duration_us: 4_000_000_000, event: 1, end_reason: 1, rcv_isn: 5, mood: 9 },
    'curl',
  );
  const second = old({ kind: KINDS.connection.index, connection_id: 12, end_reason: 2 }, 'nginx');
  const unmapped: Unmapped = new Map();
  const expected = (values: Record<string, number | string>) =>
    rowBytes('connection', { uid: 0xffffffff, snd_ssthresh: 0x7fffffff, ...values });
  expect(conversion.convert(Buffer.concat([first, second]), unmapped)).toEqual(
    Buffer.concat([
      expected({ connection_id: 11, duration_us: 4_000_000_000, end_reason: END_REASON.indexOf('timeout'), rcv_isn: 5, comm: 'curl' }),
      expected({ connection_id: 12, end_reason: 0, comm: 'nginx' }),
    ]),
  );
  expect([...unmapped]).toEqual([['end_reason', 1]]);
});

test('any order of the columns gives the row back', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...KIND),
      fc.infiniteStream(fc.nat()),
      fc.uint8Array({ minLength: ROW_BYTES_MAX, maxLength: ROW_BYTES_MAX }),
      (kind, keys, bytes) => {
        const row = Buffer.from(bytes.subarray(0, KINDS[kind].size));
        const shuffled = layoutOf(kind)
          .columns.filter(({ name }) => name !== 'pad')
          .map((column) => ({ column, key: keys.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ column }) => column);
        const layout = placed(kind, shuffled);
        const old = Buffer.concat(shuffled.map(({ offset, size: bytes }) => row.subarray(offset, offset + bytes)));
        const converted = conversionTo(kind, layout).convert(old, new Map());
        for (const { offset, size: bytes } of shuffled)
          expect(Buffer.from(converted).subarray(offset, offset + bytes)).toEqual(row.subarray(offset, offset + bytes));
      },
    ),
    tries(50),
  );
});

test('what is unknown and not zero is as rows.h says', () => {
  const said = KIND.flatMap((kind) => KINDS[kind].columns as readonly Column[]).flatMap(({ name, comment }) => {
    const value = /(0x[0-9a-f]+):? (?:unknown|not yet known)/.exec(comment)?.[1];
    return value === undefined ? [] : [[name, Number(value)] as const];
  });
  expect(Object.fromEntries(said)).toEqual(UNKNOWN);
});

test.each(KIND)('the layout of %s survives JSON and the check', (kind) => {
  expect(parseLayout(JSON.parse(JSON.stringify(layoutOf(kind))))).toEqual(layoutOf(kind));
});

const sound = layoutOf('state_change');
const column = (index: number, change: object) => ({
  ...sound,
  columns: sound.columns.map((old, at) => (at === index ? { ...old, ...change } : old)),
});
test.each([
  ['nothing', undefined],
  ['a string', 'layout'],
  ['no kind', { ...sound, kind: '' }],
  ['a kind that is no name', { ...sound, kind: 'a; DROP' }],
  ['no schema', { ...sound, schema: 7 }],
  ['rows of no bytes', { ...sound, size: 0 }],
  ['huge rows', { ...sound, size: 1e6 }],
  ['rows of a fraction', { ...sound, size: 128.5 }],
  ['no columns', { ...sound, columns: undefined }],
  ['a thousand columns', { ...sound, columns: Array.from({ length: 1000 }, () => sound.columns[0]) }],
  ['two columns of a name', { ...sound, columns: [...sound.columns, sound.columns[0]] }],
  ['a column beyond the row', column(3, { offset: sound.size - 4 })],
  ['a negative offset', column(3, { offset: -8 })],
  ['a size that is not the type’s', column(3, { size: 4 })],
  ['a column without a type', column(3, { type: undefined })],
  ['a column that is no name', column(3, { name: 'A b' })],
  ['no time', { ...sound, columns: sound.columns.filter(({ name }) => name !== 'time_ns') }],
  ['a time of another type', column(0, { type: 'UInt64' })],
  ['no host', { ...sound, columns: sound.columns.filter(({ name }) => name !== 'host_id') }],
])('no layout: %s', (_, value) => {
  expect(() => parseLayout(value)).toThrow(LayoutError);
});

test('half a row is refused', () => {
  const layout = edited('state_change', ({ name }) => (name === 'uid' ? undefined : {}));
  expect(() => conversionTo('state_change', layout).convert(Buffer.alloc(layout.size + 1), new Map())).toThrow(/whole rows/);
});
