import { Drain, type Take } from '../../agent/loop/drain.ts';
import type { RowSource } from '../../agent/source/row-source.ts';

/** Everything that waits in a source, and the rest of a sweep that is under way. */
export function drainAll(source: RowSource, take: Take): void {
  const drain = new Drain(source, take);
  while (drain.round() === 'more');
}
