// Decoded rows as the bytes of rows.h again: a collector has rows as its store gives them, and a recording has bytes.
import { type Column, KINDS, type Kind, type Rows } from '../../bpf/rows/rows.gen.ts';
import { eachKind } from '../accounts/ledger.ts';
import { parseAddress } from '../contract/language/address.ts';

type Write = (view: DataView, at: number, value: unknown) => void;

const utf8 = new TextEncoder();

/** Padding says nothing and stays zero. */
const WRITERS = eachKind((kind) => {
  const columns: readonly Column[] = KINDS[kind].columns;
  return columns.filter(({ name }) => name !== 'pad').map((column) => ({ name: column.name, write: writerOf(column) }));
});

/** Whole rows of one kind, one after the other. Text that was no UTF-8 is as it was decoded, and is cut where that is longer than its column. */
export function encodeRows<Name extends Kind>(kind: Name, rows: readonly Rows[Name][]): Uint8Array {
  const { size } = KINDS[kind];
  const bytes = new Uint8Array(rows.length * size);
  const view = new DataView(bytes.buffer);
  for (const [index, row] of rows.entries()) {
    const members: Readonly<Record<string, unknown>> = row;
    for (const { name, write } of WRITERS[kind]) write(view, index * size, members[name]);
  }
  return bytes;
}

function writerOf({ offset, size, type }: Column): Write {
  if (type === 'IPv6') return writeAddress(offset);
  if (type.startsWith('FixedString'))
    return (view, at, value) => utf8.encodeInto(String(value), new Uint8Array(view.buffer, view.byteOffset + at + offset, size));
  if (type.startsWith('Enum8')) {
    const values = new Map([...type.matchAll(/'([^']*)' = (\d+)/g)].map(([, name = '', number]) => [name, Number(number)]));
    return (view, at, value) => view.setUint8(at + offset, values.get(String(value)) ?? 0);
  }
  const number = (value: unknown) => BigInt.asUintN(64, BigInt(value as number | bigint | boolean));
  switch (size) {
    case 1:
      return (view, at, value) => view.setUint8(at + offset, Number(value));
    case 2:
      return (view, at, value) => view.setUint16(at + offset, Number(value), true);
    case 4:
      return (view, at, value) => view.setUint32(at + offset, Number(value), true);
    default:
      return (view, at, value) => view.setBigUint64(at + offset, number(value), true);
  }
}

function writeAddress(offset: number): Write {
  return (view, at, value) => {
    const address = parseAddress(String(value)) ?? 0n;
    view.setBigUint64(at + offset, BigInt.asUintN(64, address >> 64n));
    view.setBigUint64(at + offset + 8, BigInt.asUintN(64, address));
  };
}
