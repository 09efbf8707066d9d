// Evaluates filters over recorded rows, for which there is no kernel: the same tree, in TypeScript.
import { HEAD_AT, KINDS, type Kind, readText } from '../../bpf/rows/rows.gen.ts';
import { factLayout, type KernelFact } from '../contract/language/facts.ts';
import { evaluate } from '../contract/language/tree.ts';
import { cgroupsNamed, type NamedEntities, netnsNamed } from './entity-names.ts';
import type { Names } from './names.ts';
import type { KernelFilter } from './parse.ts';

/** A column's place in rows of a kind. */
type Place = { offset: number; size: number; isText: boolean };

/**
 * The names in a recording. It has reasons by name only, so each name in a filter gets a number here, and the reasons of rows are mapped to
 * these numbers. Cgroups and namespaces have the names that the recording carries.
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

  /** The number of a reason; 0 for one that is in no filter. */
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

/** The number of a fact in a row, as the kernel would compare it. */
function factOf(kind: Kind, fact: KernelFact, view: DataView, at: number, names: RecordedNames): bigint {
  if (fact === 'reset_reason' || fact === 'drop_reason') {
    const { offset, size } = placeOf(kind, 'reason');
    return BigInt(names.numberOf(readText(view, at + offset, size)));
  }
  const { offset, size, isText } = placeOf(kind, factLayout(fact).column);
  let number = 0n;
  for (let i = 0; i < size; i++) number = (number << 8n) | BigInt(view.getUint8(at + offset + (isText ? i : size - 1 - i)));
  return number;
}

/** Whether the filter matches the row at `at`. Tests of reasons are false: the number of a reason is not known here. */
export function matchesRow(filter: KernelFilter, kind: Kind, view: DataView, at: number): boolean {
  return evaluate(filter, kind, (fact) => factOf(kind, fact, view, at, NO_NAMES));
}

const NO_NAMES = new RecordedNames();

/** Sets in each row's head a bit for each filter that matches; calls `count` for each evaluation. */
export function markRows(
  filters: readonly KernelFilter[],
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
