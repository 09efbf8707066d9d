// Filters over recorded rows, which no kernel stands behind: the same tree, evaluated here.
import { HEAD_AT, KINDS, type Kind, readText } from '../../bpf/rows/rows.gen.ts';
import { cgroupsNamed, type NamedEntities, netnsNamed } from './entity-names.ts';
import { type Fact, factLayout } from './facts.ts';
import type { Names } from './names.ts';
import { evaluate, type Filter } from './tree.ts';

/** Where a column lies in the rows of each kind. */
type Place = { offset: number; size: number; isText: boolean };

/**
 * The names of a recording. Its reasons are known by name only, so each name that a filter asks for gets a number, and
 * rows are read by these. Cgroups and namespaces are known by what the recording calls them.
 */
export class RecordedNames implements Names {
  readonly #reasons = new Map<string, number>();
  readonly #named: NamedEntities | undefined;

  constructor(named?: NamedEntities) {
    this.#named = named;
  }

  cgroups(name: string): readonly bigint[] {
    return cgroupsNamed(this.#named?.cgroups() ?? [], name);
  }

  netns(name: string): readonly bigint[] {
    return netnsNamed(this.#named?.netns() ?? [], name);
  }

  reason(_kind: 'reset' | 'drop', name: string): number {
    const number = this.#reasons.get(name) ?? this.#reasons.size + 1;
    this.#reasons.set(name, number);
    return number;
  }

  reasons(): readonly string[] {
    return [];
  }

  /** The number of a reason, 0 for one that no filter asks for. */
  numberOf(name: string): number {
    return this.#reasons.get(name) ?? 0;
  }
}

const places = new Map<string, Place>();

function placeOf(kind: Kind, column: string): Place {
  const key = `${kind}.${column}`;
  const found = places.get(key) ?? find(kind, column);
  places.set(key, found);
  return found;
}

function find(kind: Kind, wanted: string): Place {
  const column = KINDS[kind].columns.find(({ name }) => name === wanted);
  if (column === undefined) throw new Error(`${kind} rows have no column ${wanted}`);
  return { offset: column.offset, size: column.size, isText: column.type === 'IPv6' || column.type.startsWith('FixedString') };
}

/** The number that the kernel would compare. */
function factOf(kind: Kind, fact: Fact, view: DataView, at: number, names: RecordedNames): bigint {
  if (fact === 'reset_reason' || fact === 'drop_reason') {
    const { offset, size } = placeOf(kind, 'reason');
    return BigInt(names.numberOf(readText(view, at + offset, size)));
  }
  const { offset, size, isText } = placeOf(kind, factLayout(fact).column);
  let number = 0n;
  for (let i = 0; i < size; i++) number = (number << 8n) | BigInt(view.getUint8(at + offset + (isText ? i : size - 1 - i)));
  return number;
}

/** Marks in each row's head which of the filters, by their place, want it; `count` hears of each question. */
export function markRows(
  filters: readonly Filter[],
  names: RecordedNames,
  kind: Kind,
  rows: Uint8Array,
  count: (filter: number, matched: boolean) => void,
): void {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  for (let at = 0; at < rows.length; at += KINDS[kind].size) {
    let wanted = 0;
    for (const [index, filter] of filters.entries()) {
      const matched = evaluate(filter, kind, (fact) => factOf(kind, fact, view, at, names));
      count(index, matched);
      if (matched) wanted |= 1 << index;
    }
    view.setUint32(at + HEAD_AT.filters, wanted, true);
  }
}
