// What a link says: range, filter, sort, and what is open. Pure: text in, state out, and back.
import type { EDGE_SORTS } from '../server/api.ts';
import {
  CONNECTIONS_KEYS,
  CONNECTIONS_START,
  type ConnectionsView,
  formatConnectionsView,
  parseConnectionsView,
} from './connections-view.ts';
import { EXPLORE_KEYS, EXPLORE_START, type ExploreView, formatExploreView, parseExploreView } from './explore-view.ts';
import { FLEET_KEYS, FLEET_START, type FleetView, formatFleetView, parseFleetView } from './fleet-view.ts';
import { formatLatencyView, LATENCY_KEYS, LATENCY_START, type LatencyView, parseLatencyView } from './latency-view.ts';
import { formatMapView, MAP_KEYS, MAP_START, type MapView, parseMapView } from './map-view.ts';
import { formatPilesView, PILES_KEYS, PILES_START, type PilesView, parsePilesView } from './piles-view.ts';
import {
  formatRetransmitsView,
  parseRetransmitsView,
  RETRANSMITS_KEYS,
  RETRANSMITS_START,
  type RetransmitsView,
} from './retransmits-view.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Ranges that end now: how far back, and how often figures that the live tick does not carry are asked for. */
export const RANGES = {
  '5m': { label: 'last 5 min', length_ms: 5 * MINUTE, refresh_ms: 2 * SECOND },
  '15m': { label: 'last 15 min', length_ms: 15 * MINUTE, refresh_ms: 2 * SECOND },
  '1h': { label: 'last 1 h', length_ms: HOUR, refresh_ms: 5 * SECOND },
  '6h': { label: 'last 6 h', length_ms: 6 * HOUR, refresh_ms: 15 * SECOND },
  '24h': { label: 'last 24 h', length_ms: 24 * HOUR, refresh_ms: 60 * SECOND },
  '7d': { label: 'last 7 d', length_ms: 7 * 24 * HOUR, refresh_ms: 120 * SECOND },
} as const;
export type RangeName = keyof typeof RANGES;
/** The one that the server's live tick covers. */
export const LIVE_RANGE: RangeName = '15m';

/** A range that does not move, ms since the epoch. */
export type Span = { from_ms: number; to_ms: number };

export const SORTS: typeof EDGE_SORTS = [
  'retrans',
  'retransmit_ratio',
  'connections_per_s',
  'rtt_p99_us',
  'turn_max_us',
  'stall_max_us',
  'failed',
  'resets',
  'bytes',
];
export type Sort = (typeof SORTS)[number];
const DEFAULT_SORT: Sort = 'retrans';

export type ConnectionRef = { host_id: string; connection_id: string };

/** `fleet`: the list of hosts, or with a host in the filter the page of that one. */
export const PAGES = [
  'now',
  'explore',
  'retransmits',
  'latency',
  'connections',
  'listeners',
  'piles',
  'map',
  'fleet',
  'admin',
  'help',
] as const;
export type Page = (typeof PAGES)[number];

export type ViewState = {
  page: Page;
  range: RangeName | Span;
  /** an expression in the language of filters; '' of everything. The collector says what is wrong with one. */
  filter: string;
  sort: Sort;
  /** of the list of hosts, or which one is looked at */
  fleet: FleetView;
  /** of the list of connections */
  connections: ConnectionsView;
  /** what is asked on the page that explores */
  explore: ExploreView;
  /** of the page of retransmissions */
  retransmits: RetransmitsView;
  /** of the page of latencies */
  latency: LatencyView;
  /** of the list of what piles up */
  piles: PilesView;
  map: MapView;
  connection: ConnectionRef | null;
  panel: 'completeness' | null;
};

export const isSpan = (range: ViewState['range']): range is Span => typeof range === 'object';
const isRangeName = (text: string): text is RangeName => Object.hasOwn(RANGES, text);
const isSort = (text: string): text is Sort => (SORTS as readonly string[]).includes(text);

/** The query part of a URL → state; what it could not use is told, not dropped in silence. */
export function parseViewState(search: string): { state: ViewState; problems: string[] } {
  const params = new URLSearchParams(search);
  const problems: string[] = [];
  const state: ViewState = {
    page: 'now',
    range: LIVE_RANGE,
    filter: (params.get('filter') ?? '').trim(),
    sort: DEFAULT_SORT,
    fleet: FLEET_START,
    connections: CONNECTIONS_START,
    explore: EXPLORE_START,
    retransmits: RETRANSMITS_START,
    latency: LATENCY_START,
    piles: PILES_START,
    map: MAP_START,
    connection: null,
    panel: null,
  };
  readRange(params, state, problems);
  readPage(params, state, problems);
  for (const [key, value] of params) {
    if (key === 'sort') readSort(value, state, problems);
    else if (key === 'connection') readConnection(value, state, problems);
    else if (key === 'panel' && value === 'completeness') state.panel = value;
    else if (!isReadElsewhere(key, state.page)) problems.push(`The link holds ${key}=${value}, which this page does not know.`);
  }
  return { state, problems };
}

const READ_BEFORE = ['page', 'filter', 'range', 'from', 'to'];
const isReadElsewhere = (key: string, page: Page) =>
  READ_BEFORE.includes(key) ||
  (page === 'fleet' && FLEET_KEYS.includes(key)) ||
  (page === 'connections' && CONNECTIONS_KEYS.includes(key)) ||
  (page === 'explore' && EXPLORE_KEYS.includes(key)) ||
  (page === 'retransmits' && RETRANSMITS_KEYS.includes(key)) ||
  (page === 'latency' && LATENCY_KEYS.includes(key)) ||
  (page === 'piles' && PILES_KEYS.includes(key)) ||
  (page === 'map' && MAP_KEYS.includes(key));

function readPage(params: URLSearchParams, state: ViewState, problems: string[]): void {
  const name = params.get('page');
  const page = PAGES.find((known) => known === name);
  if (page !== undefined) state.page = page;
  else if (name !== null) problems.push(`page=${name}: known are ${PAGES.join(', ')}.`);
  if (page === 'connections') {
    const read = parseConnectionsView(params);
    state.connections = read.connections;
    problems.push(...read.problems);
  }
  if (page === 'explore') {
    const read = parseExploreView(params);
    state.explore = read.explore;
    problems.push(...read.problems);
  }
  if (page === 'retransmits') {
    const read = parseRetransmitsView(params);
    state.retransmits = read.retransmits;
    problems.push(...read.problems);
  }
  if (page === 'latency') {
    const read = parseLatencyView(params);
    state.latency = read.latency;
    problems.push(...read.problems);
  }
  if (page === 'piles') {
    const read = parsePilesView(params);
    state.piles = read.piles;
    problems.push(...read.problems);
  }
  if (page === 'map') {
    const read = parseMapView(params);
    state.map = read.map;
    problems.push(...read.problems);
  }
  if (page !== 'fleet') return;
  const read = parseFleetView(params);
  state.fleet = read.fleet;
  problems.push(...read.problems);
}

function readRange(params: URLSearchParams, state: ViewState, problems: string[]): void {
  const name = params.get('range');
  if (name !== null) {
    if (isRangeName(name)) state.range = name;
    else problems.push(`range=${name}: known are ${Object.keys(RANGES).join(', ')}.`);
  }
  const from = params.get('from');
  const to = params.get('to');
  if (from === null && to === null) return;
  const span = { from_ms: readMs(from), to_ms: readMs(to) };
  if (span.from_ms < span.to_ms) state.range = span;
  else problems.push('from and to must both be times in ms since the epoch, from the earlier one.');
}

function readSort(text: string, state: ViewState, problems: string[]): void {
  if (isSort(text)) state.sort = text;
  else problems.push(`sort=${text}: tables sort by ${SORTS.join(', ')}.`);
}

const readMs = (text: string | null) => (text !== null && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN);

function readConnection(text: string, state: ViewState, problems: string[]): void {
  const [, host_id, connection_id] = /^(\d{1,20})\/(\d{1,20})$/.exec(text) ?? [];
  if (host_id && connection_id) state.connection = { host_id, connection_id };
  else problems.push(`connection=${text}: expected HOST/ID, two numbers.`);
}

/** State → the query part of its URL; what is at its default is left out. */
export function formatViewState(state: ViewState): string {
  const params = new URLSearchParams();
  if (state.page !== 'now') params.set('page', state.page);
  if (isSpan(state.range)) {
    params.set('from', String(state.range.from_ms));
    params.set('to', String(state.range.to_ms));
  } else if (state.range !== LIVE_RANGE) params.set('range', state.range);
  if (state.filter !== '') params.set('filter', state.filter);
  if (state.sort !== DEFAULT_SORT) params.set('sort', state.sort);
  if (state.connection) params.set('connection', `${state.connection.host_id}/${state.connection.connection_id}`);
  if (state.panel) params.set('panel', state.panel);
  if (state.page === 'fleet') formatFleetView(state.fleet, params);
  if (state.page === 'connections') formatConnectionsView(state.connections, params);
  if (state.page === 'explore') formatExploreView(state.explore, params);
  if (state.page === 'retransmits') formatRetransmitsView(state.retransmits, params);
  if (state.page === 'latency') formatLatencyView(state.latency, params);
  if (state.page === 'piles') formatPilesView(state.piles, params);
  if (state.page === 'map') formatMapView(state.map, params);
  const text = params
    .toString()
    .replaceAll('%2F', '/')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%28', '(')
    .replaceAll('%29', ')');
  return text === '' ? '' : `?${text}`;
}
