// What the pages and the API ask, over a range: each route once, those of Now with every filter that matters, the list of connections in each
// order, and questions that nothing was prepared for.
import { testOf } from '../../../agent/contract/language/write.ts';
import { CONNECTION_SORTS } from '../../../server/api/connections.ts';
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
    ...CONNECTION_SORTS.map((sort) => ask(`connections by ${sort}`, API.connections, { sort })),
    ask('connections that failed', API.connections, { phase: 'failed' }),
    ...Object.entries(filters).map(([name, filter]) => ask(`connections of a ${name}`, API.connections, filter)),
    ...explorations(known).map(([name, more]) => ask(`explore ${name}`, API.explore, more)),
    ask('values of a field', API.values, { field: 'process', prefix: known.comm.slice(0, 1) }),
  ];
}

/** By what the rollups have as a key, by what only rows have, and with filters of both sorts. */
function explorations({ comm, host_id, peer_addr }: Known): [string, Record<string, string>][] {
  const process = testOf('process', '=', comm);
  return [
    ['one figure', { metrics: 'retransmit_ratio', step: 'auto' }],
    ['by host', { metrics: 'retransmit_ratio,data_segments', by: 'host', step: 'auto' }],
    ['by process and network', { metrics: 'rtt_p99,bytes_sent', by: 'process,network', step: 'none' }],
    ['beside the time before', { metrics: 'lost_segments,retransmits', by: 'network', step: 'none', earlier: '3600' }],
    ['a distribution', { metrics: 'rtt', step: 'auto' }],
    ['by peer', { metrics: 'retransmits', by: 'peer', step: 'none' }],
    ['a filter of rows', { metrics: 'retransmits', by: 'class', step: 'auto', filter: `srtt > 1ms and not (${process})` }],
    [
      'a filter of a host and rows',
      { metrics: 'handshake_p99', by: 'process', filter: `${testOf('host', '=', host_id)} and ${testOf('peer', '=', peer_addr)}` },
    ],
  ];
}

/** What knows no range. */
export function questionsWithoutRange({ host_id, connection_id }: Known): Question[] {
  return [
    { name: 'a connection', paths: [API.connection.replace(':host_id', host_id).replace(':connection_id', connection_id)] },
    { name: 'hosts', paths: [API.hosts] },
  ];
}
