// Maps the rows of rows.gen.ts to ClickHouse: the type in which each column is read from a raw row, the type and codec in which it is
// stored, and the expression between them.
import { type Column, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { TRAILER_STRUCTURE } from './identity.ts';

/** One stored column. `type` and `codec` are those of CREATE TABLE, `select` is the expression over the raw row's column. */
export type StoredColumn = { name: string; type: string; codec: string; comment: string; select: string };

const PLAIN = 'ZSTD(1)';
const FIGURE = 'T64, ZSTD(1)';

/**
 * Most integers are figures with few significant bits, and T64 packs those best. The columns here pack better with other codecs, as
 * measured on rows of live hosts: ids are close to random; the rows of a connection lie beside each other, so its id repeats or goes up;
 * and columns with few different values, or with random bits, are best left to general compression.
 */
const CODECS: Readonly<Record<string, string>> = {
  host_id: PLAIN,
  connection_id: 'DoubleDelta, ZSTD(1)',
  listener_id: PLAIN,
  netns: PLAIN,
  address: PLAIN,
  snd_isn: 'Delta, ZSTD(1)',
  rcv_isn: 'Delta, ZSTD(1)',
  delivery_rate: PLAIN,
  idle_us: PLAIN,
};

/** `pad` has no information, and `kind` follows from the table. */
const isStored = ({ name }: Column) => name !== 'pad' && name !== 'kind';

function storedColumn({ name, type, comment }: Column): StoredColumn {
  const column = { name, type, codec: PLAIN, comment, select: name };
  if (type.startsWith('Enum8')) {
    // An unknown enum value would make all reads of its block fail, so it is stored as the first one.
    const last = type.split(',').length - 1;
    return { ...column, select: `CAST(if(${name} > ${last}, 0, ${name}), ${quote(type)})` };
  }
  if (type === 'Bool') return { ...column, select: `${name} != 0` };
  if (type === 'DateTime64(9)') return { ...column, type: "DateTime64(9, 'UTC')", codec: 'Delta, ZSTD(1)' };
  if (type.startsWith('FixedString')) return { ...column, type: 'LowCardinality(String)', select: `toStringCutToZero(${name})` };
  if (/^U?Int/.test(type)) return { ...column, codec: CODECS[name] ?? FIGURE };
  return column;
}

/** The columns of a kind's table, in the row's order. */
export function storedColumns(kind: Kind): StoredColumn[] {
  return KINDS[kind].columns.filter(isStored).map(storedColumn);
}

/** The structure of a raw row for `file()` and `input()`. Enums and booleans are read as numbers, so that no byte is refused. */
export function rawStructure(kind: Kind): string {
  const columns: readonly Column[] = KINDS[kind].columns;
  return columns.map(({ name, type }) => `${name} ${/^(Enum8|Bool)/.test(type) ? 'UInt8' : type}`).join(', ');
}

/** The structure of a segment's row, which has a trailer. */
export function segmentStructure(kind: Kind): string {
  return `${rawStructure(kind)}, ${TRAILER_STRUCTURE}`;
}

/** A SQL string literal. Only for texts of this program: values from outside are sent as parameters. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
