// What the page and the API ask, over a range: each route once, the Now page's with every filter that it has,
// and the two of it that are asked at once.
import { testOf } from '../../../agent/contract/language/write.ts';
import { API, EDGE_SORTS } from '../../../server/api.ts';

/** `paths` are asked for at once. */
export type Question = { name: string; paths: readonly string[] };
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
    paths: [`${path}?${new URLSearchParams({ ...range, ...more })}`],
  });
  const filters = {
    host: { filter: testOf('host', '=', known.host_id) },
    process: { filter: testOf('process', '=', known.comm) },
    port: { filter: testOf('service_port', '=', String(known.port)) },
    peer: { filter: testOf('peer', '=', known.peer_addr) },
  };
  const page = [ask('overview', API.overview), ask('edges', API.edges, { sort: 'retrans' })];
  return [
    { name: 'overview and edges at once', paths: page.flatMap(({ paths }) => paths) },
    ask('overview', API.overview),
    ...Object.entries(filters).map(([name, filter]) => ask(`overview of a ${name}`, API.overview, filter)),
    ...EDGE_SORTS.map((sort) => ask(`edges by ${sort}`, API.edges, { sort })),
    ...Object.entries(filters).map(([name, filter]) => ask(`edges of a ${name}`, API.edges, filter)),
    ask('retransmits', API.retransmits),
    ...Object.entries(filters).map(([name, filter]) => ask(`retransmits of a ${name}`, API.retransmits, filter)),
    ask('listeners', API.listeners),
    ask('resets', API.resets),
    ask('drops', API.drops),
    ask('piles', API.piles),
    ask('map', API.map),
  ];
}

/** What knows no range. */
export function questionsWithoutRange({ host_id, connection_id }: Known): Question[] {
  return [
    { name: 'a connection', paths: [API.connection.replace(':host_id', host_id).replace(':connection_id', connection_id)] },
    { name: 'hosts', paths: [API.hosts] },
  ];
}
