// Which hooks' work is done, whichever hooks this kernel refuses.
import { STAND_INS } from '../../agent/contract/settings.ts';
import type { Hook } from '../../agent/source/row-source.ts';

const STANDS_IN_FOR = new Map(Object.entries(STAND_INS).map(([of, stand_in]) => [stand_in as string, of]));

/** Those that are attached, in their order; one that stands in for another has the other's name. */
export function working(hooks: readonly Hook[]): string[] {
  const names = hooks.flatMap(({ name, attached }) => (attached ? (STANDS_IN_FOR.get(name) ?? name) : []));
  return hooks.flatMap(({ name }) => (names.includes(name) ? name : []));
}

/** The first hook whose work nothing does. */
export function lacking(hooks: readonly Hook[]): Hook | undefined {
  const done = new Set(working(hooks));
  return hooks.find(({ name }) => !done.has(name) && !STANDS_IN_FOR.has(name));
}
