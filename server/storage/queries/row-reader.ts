// Turns rows from the store into rows as rows.gen.ts has them: which expression is selected for each column, and its type in TypeScript.
import { formatAddress, parseAddress } from '../../../agent/contract/language/address.ts';
import { KINDS, type Kind, type Rows } from '../../../bpf/rows/rows.gen.ts';
import { storedColumns } from '../columns.ts';

/** Limit of parsed addresses that are kept for an answer. */
const ADDRESSES_MAX = 10_000;

type Member = readonly [name: string, read: (value: unknown) => unknown];

/** Reads the rows of one kind. */
export class RowReader<Name extends Kind> {
  /** the expressions to select, from a table named `t` */
  readonly columns: string;
  readonly #members: readonly Member[];
  readonly #addresses = new Map<string, string>();

  constructor(kind: Name) {
    // Read from zero bytes, to see the type of each member.
    const empty: Record<string, unknown> = { ...KINDS[kind].read(new DataView(new ArrayBuffer(KINDS[kind].size)), 0) };
    this.columns = storedColumns(kind)
      .map(({ name }) => `${columnOf(name, empty[name])} AS ${name}`)
      .join(', ');
    this.#members = Object.entries(empty).map(
      ([name, nothing]): Member => [name, name === 'kind' ? () => kind : this.#readerOf(name, nothing)],
    );
  }

  /** @param found a row of the answer, with the names of `columns` */
  row(found: Readonly<Record<string, unknown>>): Rows[Name] {
    const row: Record<string, unknown> = {};
    for (const [name, read] of this.#members) row[name] = read(found[name]);
    return row as Rows[Name];
  }

  #readerOf(name: string, nothing: unknown): (value: unknown) => unknown {
    if (typeof nothing === 'bigint') return (value) => BigInt(String(value ?? 0));
    if (name.endsWith('_addr')) return (value) => this.#address(String(value));
    if (typeof nothing === 'string') return (value) => (typeof value === 'string' ? value.replaceAll('\0', '') : nothing);
    return (value) => value ?? nothing;
  }

  #address(text: string): string {
    const known = this.#addresses.get(text) ?? formatAddress(parseAddress(text) ?? 0n);
    if (this.#addresses.size < ADDRESSES_MAX) this.#addresses.set(text, known);
    return known;
  }
}

/** Numbers that may exceed the exact range of a double are selected as text. */
function columnOf(name: string, nothing: unknown): string {
  if (name === 'time_ns') return 'toString(toUnixTimestamp64Nano(t.time_ns))';
  return typeof nothing === 'bigint' || name.endsWith('_addr') ? `toString(t.${name})` : `t.${name}`;
}
