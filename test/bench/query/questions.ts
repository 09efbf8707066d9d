// What the page and the API ask, over a range: each route once, and the Now page's with every filter that it has.
import { API, EDGE_SORTS } from '../../../server/api.ts';

export type Question = { name: string; path: string };
export type Span = { name: string; ms: number };

export const SPANS: readonly Span[] = [
  { name: '1 h', ms: 3_600_000 },
  { name: '24 h', ms: 86_400_000 },
  { name: '30 d', ms: 30 * 86_400_000 },
];

/** What is looked for, taken from the stored rows. */
export type Known = { host_id: string; connection_id: string; comm: string; port: number; peer_addr: string };

export function questionsOf(to_ms: number, { ms }: Span, known: Known): Question[] {
  const range = { from: String(to_ms - ms), to: String(to_ms) };
  const ask = (name: string, path: string, more: Record<string, string> = {}): Question => ({
    name,
    path: `${path}?${new URLSearchParams({ ...range, ...more })}`,
  });
  const filters = {
    host: { host_id: known.host_id },
    process: { comm: known.comm },
    port: { port: String(known.port) },
    peer: { peer_addr: known.peer_addr },
  };
  return [
    ask('overview', API.overview),
    ...Object.entries(filters).map(([name, filter]) => ask(`overview of a ${name}`, API.overview, filter)),
    ...EDGE_SORTS.map((sort) => ask(`edges by ${sort}`, API.edges, { sort })),
    ...Object.entries(filters).map(([name, filter]) => ask(`edges of a ${name}`, API.edges, filter)),
    ask('retransmits', API.retransmits),
    ...Object.entries(filters).map(([name, filter]) => ask(`retransmits of a ${name}`, API.retransmits, filter)),
    ask('listeners', API.listeners),
    ask('resets', API.resets),
    ask('drops', API.drops),
  ];
}

/** What knows no range. */
export function questionsWithoutRange({ host_id, connection_id }: Known): Question[] {
  return [
    { name: 'a connection', path: API.connection.replace(':host_id', host_id).replace(':connection_id', connection_id) },
    { name: 'hosts', path: API.hosts },
  ];
}
