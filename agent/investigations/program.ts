// The kernel's program of an investigation: its filter, and the same of the other end, whose addresses and ports are the other way round.
import type { HostState, WantedInvestigation } from '../contract/investigation.ts';
import { parseConnections } from '../contract/language/connections.ts';
import { FilterError } from '../contract/language/filter-error.ts';
import { isSame, mirrored } from '../contract/language/mirror.ts';
import { compileFilter } from '../filter/compile.ts';
import type { Names } from '../filter/names.ts';
import { type KernelFilter, parseFilter } from '../filter/parse.ts';

/** `filter`: what the program means. */
export type Program = { program: Uint8Array; filter: KernelFilter; other_end: HostState['other_end'] };

/** @throws FilterError for a name that this host does not have, or what no filter of connections can be */
export function programOf({ id, expression }: Pick<WantedInvestigation, 'id' | 'expression'>, names: Names, end_ms: number): Program {
  parseConnections(expression);
  const filter = parseFilter(expression, names);
  const compiled = (one: KernelFilter) => compileFilter(one, expression, BigInt(`0x${id}`), end_ms);
  const other = mirrored(filter);
  if ('stuck' in other) {
    const { start, end } = other.stuck.span;
    return { program: compiled(filter), filter, other_end: unwatched(`"${expression.slice(start, end)}" says nothing of the other end`) };
  }
  const watched = { watched: true, why: '' };
  if (isSame(filter, other)) return { program: compiled(filter), filter, other_end: watched };
  try {
    const both: KernelFilter = { op: 'or', terms: [filter, other], span: filter.span };
    return { program: compiled(both), filter: both, other_end: watched };
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return { program: compiled(filter), filter, other_end: unwatched('with it the filter would be too long: name fewer values') };
  }
}

const unwatched = (why: string) => ({ watched: false, why });
