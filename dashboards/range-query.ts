// From what the page shows to what it asks for: the API's Range, and the same test for rows that come in live.
import { allOf, testOf } from '../agent/contract/language/write.ts';
import type { Host, Range, Retransmit } from '../server/api.ts';
import type { Query } from './api-client.ts';
import type { Filter } from './filter.ts';
import { isSpan, RANGES, type ViewState } from './view-state.ts';

type Named = Pick<Host, 'host_id' | 'name'>;
export type RangeQuery = { query: Query; error: '' } | { query: null; error: string };

/** Range and filter as query parameters, ending at `now_ms` by the collector's clock. An unknown host is an error. */
export function rangeQuery(view: Pick<ViewState, 'range' | 'filter'>, hosts: readonly Named[], now_ms: number): RangeQuery {
  const span = isSpan(view.range) ? view.range : { from_ms: now_ms - RANGES[view.range].length_ms, to_ms: now_ms };
  const host_id = view.filter.host === undefined ? undefined : hostIdOf(view.filter.host, hosts);
  if (host_id === null) return { query: null, error: unknownHost(view.filter.host ?? '', hosts) };
  const filter = expressionOf(view.filter, host_id);
  const query: Record<keyof Range, string> = { from: String(Math.floor(span.from_ms)), to: String(Math.ceil(span.to_ms)), filter };
  return { query: filter === '' ? { from: query.from, to: query.to } : query, error: '' };
}

/** The same filter in the language of the API. */
function expressionOf({ process, peer, port }: Filter, host_id: string | undefined): string {
  const tests: [string, string | undefined][] = [
    ['host', host_id],
    ['process', process],
    ['peer', peer],
  ];
  const given = tests.flatMap(([field, value]) => (value === undefined ? [] : [testOf(field, '=', value)]));
  // Nobody knows the port of a connection that has none.
  const service = port === 0 ? 'not service_port > 0' : port === undefined ? '' : testOf('service_port', '=', String(port));
  return allOf(...given, service);
}

/** A host's name, or its id in decimal or as the 16 hex digits that agents print. */
export function hostIdOf(text: string, hosts: readonly Named[]): string | null {
  const named = hosts.find((host) => host.name === text || host.host_id === text);
  if (named) return named.host_id;
  if (/^[0-9a-f]{16}$/.test(text)) return BigInt(`0x${text}`).toString();
  return /^\d{1,20}$/.test(text) ? text : null;
}

function unknownHost(name: string, hosts: readonly Named[]): string {
  const known = hosts.slice(0, 5).map((host) => host.name);
  const list = known.length > 0 ? `Known: ${known.join(', ')}${hosts.length > known.length ? ', …' : ''}.` : 'None has reported yet.';
  return `No host is called “${name}”. ${list}`;
}

/** Whether a live row belongs to the view; the same rule as the API's, so that both give the same table. */
export function matchesFilter(row: Retransmit, filter: Filter, hosts: readonly Named[]): boolean {
  if (filter.host !== undefined && row.host !== filter.host && row.host_id !== hostIdOf(filter.host, hosts)) return false;
  if (filter.process !== undefined && row.comm !== filter.process) return false;
  if (filter.peer !== undefined && row.peer_addr !== filter.peer) return false;
  return filter.port === undefined || servicePort(row) === filter.port;
}

/** The port that the server side listens on; of two ends that nobody knows apart, the lower. */
function servicePort({ role, local_port, peer_port }: Retransmit): number {
  if (role === 'unknown') return Math.min(local_port, peer_port);
  return role === 'server' ? local_port : peer_port;
}
