// Rows byte by byte for tests: values in, RowBinary out. Shares the offsets with rows.gen.ts and nothing of its readers.
import { type Column, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';

/** Integers as numbers or bigints, enums and flags as their byte, addresses as 16 bytes in hex or dotted IPv4, comm as text. */
export type RowValues = Record<string, number | bigint | string>;

/** One row; fields not given are 0, except `kind`. Throws on a field that the kind does not have. */
export function rowBytes(kind: Kind, values: RowValues): Buffer {
  const row = Buffer.alloc(KINDS[kind].size);
  const columns: readonly Column[] = KINDS[kind].columns;
  for (const [name, value] of Object.entries({ kind: KINDS[kind].index, ...values })) {
    const column = columns.find((candidate) => candidate.name === name);
    if (!column) throw new Error(`${kind} has no ${name}`);
    bytesOf(value, column).copy(row, column.offset);
  }
  return row;
}

function bytesOf(value: number | bigint | string, { name, size }: Column): Buffer {
  const bytes = Buffer.alloc(size);
  if (typeof value !== 'string') {
    let rest = BigInt.asUintN(size * 8, BigInt(value));
    for (let at = 0; at < size; at++, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
    return bytes;
  }
  if (!name.endsWith('_addr')) {
    if (bytes.write(value) < Buffer.byteLength(value)) throw new Error(`${name}: ${value} does not fit`);
    return bytes;
  }
  if (/^[0-9a-f]{32}$/.test(value)) return Buffer.from(value, 'hex');
  const octets = value.split('.').map(Number);
  if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255))) throw new Error(`${name}: ${value} is no address`);
  return Buffer.from([...new Array<number>(10).fill(0), 0xff, 0xff, ...octets]);
}
