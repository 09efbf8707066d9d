// Packets of the connection that this host dropped. Packets that it freed without a loss do not count.
import { formatCount } from '../../../format.ts';
import { dropReason } from '../../../reason-words.ts';
import type { Look } from './finding.ts';

export const dropped: Look = ({ drops }) => {
  const lost = drops.filter(({ meaning }) => meaning === 'lost');
  const byWhy = [...Map.groupBy(lost, (drop) => dropReason(drop).label)];
  const [most] = byWhy.toSorted(([, a], [, b]) => b.length - a.length);
  const first = most?.[1][0];
  if (most === undefined || first === undefined) return undefined;
  const packets = `${formatCount(most[1].length)} ${most[1].length === 1 ? 'packet' : 'packets'}`;
  return {
    whose: 'this host',
    words: `${packets} of it ${most[1].length === 1 ? 'was' : 'were'} dropped here: ${dropReason(first).meaning}.`,
  };
};
