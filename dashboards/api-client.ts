// The collector's REST endpoints as functions. Each refusal becomes an ApiError with the collector's message.
import type {
  API,
  Connection,
  Connections,
  Differs,
  Drops,
  Edges,
  Explored,
  ExploreNames,
  Fleet,
  FleetOne,
  Health,
  Hosts,
  Listeners,
  Overview,
  Piles,
  Problem,
  Resets,
  Retransmits,
  RowKinds,
  Values,
  WorkloadMap,
} from '../server/api.ts';
import { ApiError } from './api-error.ts';
import { fetchInTime } from './in-time.ts';
import { nameOf, QUESTION_HEADER } from './question.ts';
import type { ConnectionRef, Sort } from './view-state.ts';

const PATHS: Omit<typeof API, 'question' | 'live' | 'openapi' | 'accounting'> = {
  overview: '/api/v1/overview',
  edges: '/api/v1/edges',
  retransmits: '/api/v1/retransmits',
  listeners: '/api/v1/listeners',
  resets: '/api/v1/resets',
  drops: '/api/v1/drops',
  piles: '/api/v1/piles',
  map: '/api/v1/map',
  connections: '/api/v1/connections',
  explore: '/api/v1/explore',
  explore_names: '/api/v1/explore/names',
  explore_differs: '/api/v1/explore/differs',
  values: '/api/v1/values',
  row_kinds: '/api/v1/row-kinds',
  connection: '/api/v1/connections/:host_id/:connection_id',
  hosts: '/api/v1/hosts',
  fleet: '/api/v1/fleet',
  fleet_host: '/api/v1/fleet/:host_id',
  health: '/api/v1/health',
};

const AGENTS = '/api/v1/admin/agents';
/** A host's id in hex, as agents and `tcplens admin` print it. */
export const hexOf = (host_id: string) => BigInt(host_id).toString(16).padStart(16, '0');

/** The code of an answer that does not come from a collector, or has no code. */
const NO_COLLECTOR = 'http';

/** Query parameters; made by `rangeQuery`. */
export type Query = Readonly<Record<string, string>>;

export type ApiClient = ReturnType<typeof createApiClient>;

/** @param fetchResponse the browser's `fetch`, or a test's */
export function createApiClient(fetchResponse: typeof fetch) {
  async function get<Answer>(path: string, query: Query, signal: AbortSignal): Promise<Answer> {
    const response = await request(path + searchOf(query), signal);
    if (!response.ok) throw await refusal(response);
    try {
      return (await response.json()) as Answer;
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw new ApiError(NO_COLLECTOR, 'That was no answer of the collector: something else answered in its place.', response.status, {
        cause,
      });
    }
  }

  async function change(method: 'POST' | 'DELETE', path: string, signal: AbortSignal): Promise<void> {
    const response = await request(path, signal, method);
    if (!response.ok) throw await refusal(response);
  }

  const request = (url: string, signal: AbortSignal, method = 'GET'): Promise<Response> =>
    fetchInTime(fetchResponse, url, { method, headers: { accept: 'application/json', [QUESTION_HEADER]: nameOf(signal) } }, signal);

  return {
    overview: (query: Query, signal: AbortSignal) => get<Overview>(PATHS.overview, query, signal),
    edges: (query: Query, sort: Sort, signal: AbortSignal) => get<Edges>(PATHS.edges, { ...query, sort }, signal),
    retransmits: (query: Query, signal: AbortSignal) => get<Retransmits>(PATHS.retransmits, query, signal),
    listeners: (query: Query, signal: AbortSignal) => get<Listeners>(PATHS.listeners, query, signal),
    resets: (query: Query, signal: AbortSignal) => get<Resets>(PATHS.resets, query, signal),
    drops: (query: Query, signal: AbortSignal) => get<Drops>(PATHS.drops, query, signal),
    piles: (query: Query, signal: AbortSignal) => get<Piles>(PATHS.piles, query, signal),
    map: (query: Query, signal: AbortSignal) => get<WorkloadMap>(PATHS.map, query, signal),
    connections: (query: Query, signal: AbortSignal) => get<Connections>(PATHS.connections, query, signal),
    explore: (query: Query, signal: AbortSignal) => get<Explored>(PATHS.explore, query, signal),
    exploreNames: (signal: AbortSignal) => get<ExploreNames>(PATHS.explore_names, {}, signal),
    differs: (query: Query, signal: AbortSignal) => get<Differs>(PATHS.explore_differs, query, signal),
    rowKinds: (signal: AbortSignal) => get<RowKinds>(PATHS.row_kinds, {}, signal),
    values: (query: Query, signal: AbortSignal) => get<Values>(PATHS.values, query, signal),
    hosts: (query: Query, signal: AbortSignal) => get<Hosts>(PATHS.hosts, query, signal),
    fleet: (query: Query, signal: AbortSignal) => get<Fleet>(PATHS.fleet, query, signal),
    fleetHost: (host_id: string, query: Query, signal: AbortSignal) =>
      get<FleetOne>(PATHS.fleet_host.replace(':host_id', host_id), query, signal),
    revokeAgent: (host_id: string, signal: AbortSignal) => change('POST', `${AGENTS}/${hexOf(host_id)}/revoke`, signal),
    removeHost: (host_id: string, rows: 'keep' | 'remove', signal: AbortSignal) =>
      change('DELETE', `${AGENTS}/${hexOf(host_id)}?rows=${rows}`, signal),
    health: (signal: AbortSignal) => get<Health>(PATHS.health, {}, signal),
    connection: ({ host_id, connection_id }: ConnectionRef, signal: AbortSignal) =>
      get<Connection>(PATHS.connection.replace(':host_id', host_id).replace(':connection_id', connection_id), {}, signal),
  };
}

function searchOf(query: Query): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

/** The error that a failed answer describes. */
export async function refusal(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  if (isProblem(body)) {
    // The message's further lines mark the place in the expression. The page has a box that shows this, so they are left out.
    const message = body.span === undefined ? body.message : (body.message.split('\n')[0] ?? '');
    return new ApiError(body.code, message, response.status, { span: body.span });
  }
  return new ApiError(
    NO_COLLECTOR,
    `The collector answered ${response.status} ${response.statusText} without saying why.`,
    response.status,
  );
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' && body !== null && isText(body, 'code') && isText(body, 'message');

const isText = (body: object, member: string): boolean => typeof (body as Record<string, unknown>)[member] === 'string';
