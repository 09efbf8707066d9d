// Turns an expression into a SQL condition, with the meaning that `evaluate` defines: a test of a fact that a kind does not have, or that
// is unknown, is false. So a condition is made for the rows of one kind, or for the figures that a rollup has of one kind.

import { formatAddress } from '../../../agent/contract/language/address.ts';
import { type Fact, factLayout } from '../../../agent/contract/language/facts.ts';
import type { Place } from '../../../agent/contract/language/fields.ts';
import type { Span } from '../../../agent/contract/language/filter-error.ts';
import { includes, type Ranges } from '../../../agent/contract/language/ranges.ts';
import type { Test, Tree } from '../../../agent/contract/language/tree.ts';
import { KIND, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { quote } from '../columns.ts';
import { SERVICE_PORT } from '../figures.ts';
import { networksOf } from './networks.ts';
import type { Params } from './params.ts';

/**
 * A test whose names were looked up in the store: either pairs of a host and an id on that host, or names that rows have themselves. Names
 * of cgroups and namespaces have another id on each host.
 */
export type Listed = { op: 'listed'; fact: Fact; pairs?: readonly Pair[]; names?: readonly string[]; span: Span };
/** Both ids in decimal. */
export type Pair = readonly [host_id: string, id: string];
export type StoredFilter = Tree<Test | Listed>;
export type Source = 'rows' | 'rollup';

/** Matches every row. */
export const EVERYTHING: StoredFilter = { op: 'and', terms: [], span: { start: 0, end: 0 } };

/** @returns a condition over rows of the kind, as selected by `FROM kind`, or over the rollup's entries, for the kind's figures */
export function conditionOf(filter: StoredFilter, kind: Kind, source: Source, params: Params): string {
  const of = (term: StoredFilter): string => {
    switch (term.op) {
      case 'and':
        return joined(term.terms.map(of), 'AND');
      case 'or':
        return joined(term.terms.map(of), 'OR');
      case 'not':
        return negated(of(term.term));
      default:
        if (!factLayout(term.fact).kinds.has(kind)) return 'false';
        return term.op === 'listed' ? listed(term, kind, source, params) : tested(term, kind, source, params);
    }
  };
  return of(filter);
}

/** Joins the terms, without those that are always true or always false. */
export function joined(terms: readonly string[], by: 'AND' | 'OR'): string {
  const [neutral, absorbing] = by === 'AND' ? ['true', 'false'] : ['false', 'true'];
  const left = [...new Set(terms)].filter((term) => term !== neutral);
  if (left.includes(absorbing)) return absorbing;
  return left.length < 2 ? (left[0] ?? neutral) : `(${left.join(` ${by} `)})`;
}

function negated(term: string): string {
  if (term === 'true' || term === 'false') return term === 'true' ? 'false' : 'true';
  return `(NOT ${term})`;
}

function tested({ fact, ranges }: Test, kind: Kind, source: Source, params: Params): string {
  const column = columnOf(fact, kind, source);
  // The numbers of reasons differ between kernels, so only names can be tested. A test of a number only asks whether the reason is known.
  if (fact === 'reset_reason' || fact === 'drop_reason') return 'true';
  if (fact === 'kind') return String(includes(ranges, BigInt(KIND.indexOf(kind))));
  const { names } = factLayout(fact);
  if (names !== undefined) {
    const wanted = names.filter((_, index) => includes(ranges, BigInt(index)));
    return wanted.length === 0 ? 'false' : `${column} IN (${wanted.map(quote).join(', ')})`;
  }
  if (fact === 'peer_addr' && source === 'rollup') return within(column, networksOf(ranges) ?? [], (end) => address(end, params));
  if (fact === 'local_addr' || fact === 'peer_addr') return within(column, ranges, (end) => address(end, params));
  if (fact === 'comm') return within(column, ranges, (end) => `unhex(${params.bind('String', hexOf(end))})`);
  return within(column, ranges, (end) => params.bind('UInt64', String(end)));
}

const address = (end: bigint, params: Params) => `toIPv6(${params.bind('String', formatAddress(end))})`;

/** The 16 bytes of a name without trailing zeros: such strings compare in the same order as the numbers. */
function hexOf(end: bigint): string {
  return end
    .toString(16)
    .padStart(32, '0')
    .replace(/(00)+$/, '');
}

function within(column: string, ranges: Ranges, bind: (end: bigint) => string): string {
  const single = ranges.filter(([from, to]) => from === to).map(([from]) => bind(from));
  const wide = ranges.filter(([from, to]) => from !== to).map(([from, to]) => `${column} BETWEEN ${bind(from)} AND ${bind(to)}`);
  return joined([...(single.length === 0 ? [] : [`${column} IN (${single.join(', ')})`]), ...wide], 'OR');
}

function listed({ fact, pairs, names }: Listed, kind: Kind, source: Source, params: Params): string {
  const column = columnOf(fact, kind, source);
  if (pairs === undefined) return `${column} IN ${params.bind('Array(String)', names)}`;
  return `(${columnOf('host_id', kind, source)}, ${column}) IN ${params.bind('Array(Tuple(UInt64, UInt64))', pairs)}`;
}

/** Facts that are keys of the rollups, with their columns there. */
const ROLLUP_COLUMNS: Partial<Record<Fact, string>> = {
  host_id: 'host_id',
  cgroup_id: 'cgroup_id',
  comm: 'comm',
  role: 'role',
  service_port: 'service_port',
  peer_addr: 'peer_network',
};

function columnOf(fact: Fact, kind: Kind, source: Source): string {
  if (source === 'rollup') return ROLLUP_COLUMNS[fact] ?? '';
  if (fact === 'service_port') return SERVICE_PORT;
  // Figures have the same names as columns, and the engine takes an unqualified name for the figure.
  return `${kind}.${columnNamed(fact)}`;
}

const columnNamed = (fact: Fact) => (fact === 'reset_reason' || fact === 'drop_reason' ? 'reason' : factLayout(fact).column);

/** The columns of a kind's rows that the filter reads. */
export function columnsOf(filter: StoredFilter, kind: Kind): string[] {
  const having = leavesOf(filter).filter(({ fact }) => fact !== 'kind' && factLayout(fact).kinds.has(kind));
  const read = having.flatMap(({ fact }) => (fact === 'service_port' ? ['role', 'state', 'local_port', 'peer_port'] : [columnNamed(fact)]));
  return [...new Set(read)];
}

/**
 * The filter reduced to tests of hosts: true for each host that may have a matching row. For tables that have hosts but no rows: reports
 * and accounts.
 */
export function hostsOnly(filter: StoredFilter, isNegated = false): StoredFilter {
  switch (filter.op) {
    case 'and':
    case 'or':
      return { ...filter, terms: filter.terms.map((term) => hostsOnly(term, isNegated)) };
    case 'not':
      return { ...filter, term: hostsOnly(filter.term, !isNegated) };
    default:
      return filter.fact === 'host_id' ? filter : { op: isNegated ? 'or' : 'and', terms: [], span: filter.span };
  }
}

/** Whether few of many rows match: those of one connection, or of some addresses. */
export function isNarrow(filter: StoredFilter): boolean {
  if (filter.op === 'and') return filter.terms.some(isNarrow);
  return filter.op === 'test' && (filter.fact === 'connection_id' || (filter.fact === 'peer_addr' && placeOfLeaf(filter) === 'rows'));
}

/** The coarsest source that can answer the filter, and the part of the expression that prevents a coarser one. */
export function placeOf(filter: StoredFilter): { place: Exclude<Place, 'kernel'>; because: Span | undefined } {
  const needs = leavesOf(filter).map((leaf) => ({ place: placeOfLeaf(leaf), because: leaf.span }));
  for (const place of ['rows', 'minutes'] as const) {
    const found = needs.find((need) => need.place === place);
    if (found !== undefined) return found;
  }
  return { place: 'tiers', because: undefined };
}

function placeOfLeaf(leaf: Test | Listed): Exclude<Place, 'kernel'> {
  if (leaf.fact === 'host_id') return 'tiers';
  if (ROLLUP_COLUMNS[leaf.fact] === undefined) return 'rows';
  if (leaf.fact === 'peer_addr' && leaf.op === 'test' && networksOf(leaf.ranges) === undefined) return 'rows';
  return 'minutes';
}

function leavesOf(filter: StoredFilter): (Test | Listed)[] {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.terms.flatMap(leavesOf);
    case 'not':
      return leavesOf(filter.term);
    default:
      return [filter];
  }
}
