// How many sockets were joined with their other end, and how that is known: a verdict on both ends is as good as the joining of them.
import { DOUBTS, type Doubt, JOINED_BY, type JoinedBy, type Peer } from './ends.ts';

/** Numbers of sockets. */
export type Joins = Record<JoinedBy | Doubt, number>;

export const noJoins = (): Joins => ({ isn: 0, packets: 0, tuple: 0, unobserved: 0, several: 0 });

export function countJoins(peers: Iterable<Peer>): Joins {
  const joins = noJoins();
  for (const peer of peers) joins[peer.end ? peer.joined_by : peer.doubt]++;
  return joins;
}

const HOW: Record<JoinedBy, string> = {
  isn: 'by both initial sequence numbers',
  packets: 'by packets that both ends have, under names that are translated on the way',
  tuple: 'by addresses, ports and time alone',
};

const WHY_NOT: Record<Doubt, (count: number) => string> = {
  unobserved: (count) => `${count === 1 ? 'has' : 'have'} no other end among the rows`,
  several: (count) => `may belong to several other ends, and ${count === 1 ? 'is' : 'are'} joined with none`,
};

/** Sentences with these numbers; none where there are no sockets. */
export function joinsSentences(joins: Joins): string[] {
  const of = `Of ${Object.values(joins).reduce((sum, count) => sum + count, 0)} sockets,`;
  const ways = JOINED_BY.filter((by) => joins[by] > 0);
  const joined = ways.reduce((sum, by) => sum + joins[by], 0);
  const how = ways.map((by) => `${joins[by]} ${HOW[by]}`).join(', ');
  const doubts = DOUBTS.filter((doubt) => joins[doubt] > 0);
  return [
    ...(joined > 0 ? [`${of} ${joined} are joined with their other end: ${how}.`] : []),
    ...doubts.map((doubt) => `${of} ${joins[doubt]} ${WHY_NOT[doubt](joins[doubt])}.`),
  ];
}
