// rows.gen.ts → ClickHouse: what each column is stored as, how it is read from a raw row, and how one becomes the other.
import { type Column, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { TRAILER_STRUCTURE } from './identity.ts';

/** One stored column: `type` and `codec` as in CREATE TABLE, `select` the expression over the raw row's column. */
export type StoredColumn = { name: string; type: string; codec: string; comment: string; select: string };

const PLAIN = 'ZSTD(1)';
const FIGURE = 'T64, ZSTD(1)';

/**
 * Most integers are figures with few significant bits. These pack better otherwise, as measured on rows of live hosts: identities
 * are close to random; a connection's rows lie beside each other, so its id repeats or goes up; what is mostly the same few
 * values, or bits all over, is for general compression alone.
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

/** `pad` carries nothing; `kind` is the table. */
const isStored = ({ name }: Column) => name !== 'pad' && name !== 'kind';

function storedColumn({ name, type, comment }: Column): StoredColumn {
  const column = { name, type, codec: PLAIN, comment, select: name };
  if (type.startsWith('Enum8')) {
    // A byte outside the enum would make every later read of its block fail: it becomes the first enumerator.
    const last = type.split(',').length - 1;
    return { ...column, select: `CAST(if(${name} > ${last}, 0, ${name}), ${quote(type)})` };
  }
  if (type === 'Bool') return { ...column, select: `${name} != 0` };
  if (type === 'DateTime64(9)') return { ...column, type: "DateTime64(9, 'UTC')", codec: 'Delta, ZSTD(1)' };
  if (type === 'FixedString(16)' || type === 'FixedString(32)')
    return { ...column, type: 'LowCardinality(String)', select: `toStringCutToZero(${name})` };
  if (/^U?Int/.test(type)) return { ...column, codec: CODECS[name] ?? FIGURE };
  return column;
}

/** The columns of a kind's table, in the row's order. */
export function storedColumns(kind: Kind): StoredColumn[] {
  return KINDS[kind].columns.filter(isStored).map(storedColumn);
}

/** The raw row as `file()` and `input()` want it. Enum and Bool bytes are read as numbers, so that none is refused. */
export function rawStructure(kind: Kind): string {
  const columns: readonly Column[] = KINDS[kind].columns;
  return columns.map(({ name, type }) => `${name} ${/^(Enum8|Bool)/.test(type) ? 'UInt8' : type}`).join(', ');
}

/** The same of a segment's rows, each with its trailer. */
export function segmentStructure(kind: Kind): string {
  return `${rawStructure(kind)}, ${TRAILER_STRUCTURE}`;
}

/** A string as a SQL literal. Only for text that this program makes itself: values of others go in as parameters. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
