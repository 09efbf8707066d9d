// The state of the page that a link holds: range, filter, sort order, and open panels. Pure: parses and formats it.
import type { EDGE_SORTS } from '../server/api.ts';
import { type DiffersView, formatDiffersView, parseDiffersView } from './differs-view.ts';
import { hasView, PAGE_VIEWS, type PageViews, readView, startViews, writeView } from './page-views.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Ranges that end now: their length, and the interval at which figures are read that live ticks do not have. */
export const RANGES = {
  '5m': { label: 'last 5 min', length_ms: 5 * MINUTE, refresh_ms: 2 * SECOND },
  '15m': { label: 'last 15 min', length_ms: 15 * MINUTE, refresh_ms: 2 * SECOND },
  '1h': { label: 'last 1 h', length_ms: HOUR, refresh_ms: 5 * SECOND },
  '6h': { label: 'last 6 h', length_ms: 6 * HOUR, refresh_ms: 15 * SECOND },
  '24h': { label: 'last 24 h', length_ms: 24 * HOUR, refresh_ms: 60 * SECOND },
  '7d': { label: 'last 7 d', length_ms: 7 * 24 * HOUR, refresh_ms: 120 * SECOND },
} as const;
export type RangeName = keyof typeof RANGES;
/** The range that live ticks cover. */
export const LIVE_RANGE: RangeName = '15m';

/** A fixed range, ms since the epoch. */
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

/** In the order of the top bar. `fleet` is the list of hosts or the page of one; `investigations` likewise. */
export const PAGES = [
  'now',
  'explore',
  'retransmits',
  'latency',
  'connections',
  'listeners',
  'piles',
  'map',
  'investigations',
  'fleet',
  'admin',
  'help',
] as const;
export type Page = (typeof PAGES)[number];

export type ViewState = PageViews & {
  page: Page;
  range: RangeName | Span;
  /** an expression in the language of filters; '' matches everything. The collector reports its errors */
  filter: string;
  sort: Sort;
  connection: ConnectionRef | null;
  /** open over the page: the accounts of rows, or what differs in a brushed time */
  panel: 'completeness' | DiffersView | null;
};

export const isSpan = (range: ViewState['range']): range is Span => typeof range === 'object';
/** For the end of a sentence: “of the last 15 min”. */
export const rangeWords = (range: ViewState['range']): string => (isSpan(range) ? 'the chosen range' : `the ${RANGES[range].label}`);
const isRangeName = (text: string): text is RangeName => Object.hasOwn(RANGES, text);
const isSort = (text: string): text is Sort => (SORTS as readonly string[]).includes(text);

/** Parses the query of a URL. `problems`: what could not be used. */
export function parseViewState(search: string): { state: ViewState; problems: string[] } {
  const params = new URLSearchParams(search);
  const problems: string[] = [];
  const state: ViewState = {
    page: 'now',
    range: LIVE_RANGE,
    filter: (params.get('filter') ?? '').trim(),
    sort: DEFAULT_SORT,
    ...startViews(),
    connection: null,
    panel: null,
  };
  readRange(params, state, problems);
  readPage(params, state, problems);
  for (const [key, value] of params) {
    if (key === 'sort') readSort(value, state, problems);
    else if (key === 'connection') readConnection(value, state, problems);
    else if (key === 'panel' && value === 'completeness') state.panel = value;
    else if (key === 'differs') readDiffers(value, state, problems);
    else if (!isReadElsewhere(key, state.page)) problems.push(`The link holds ${key}=${value}, which this page does not know.`);
  }
  return { state, problems };
}

const READ_BEFORE = ['page', 'filter', 'range', 'from', 'to'];
const isReadElsewhere = (key: string, page: Page) => READ_BEFORE.includes(key) || (hasView(page) && PAGE_VIEWS[page].keys.includes(key));

function readPage(params: URLSearchParams, state: ViewState, problems: string[]): void {
  const name = params.get('page');
  const page = PAGES.find((known) => known === name);
  if (page !== undefined) state.page = page;
  else if (name !== null) problems.push(`page=${name}: known are ${PAGES.join(', ')}.`);
  if (page !== undefined && hasView(page)) problems.push(...readView(page, params, state));
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

function readDiffers(text: string, state: ViewState, problems: string[]): void {
  const asked = parseDiffersView(text);
  if (asked) state.panel = asked;
  else problems.push(`differs=${text}: expected METRIC,FROM,TO and perhaps what it is compared with.`);
}

/** Formats the query of a URL. Defaults are left out. */
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
  if (state.panel === 'completeness') params.set('panel', state.panel);
  else if (state.panel) params.set('differs', formatDiffersView(state.panel));
  if (hasView(state.page)) writeView(state.page, state, params);
  const text = params
    .toString()
    .replaceAll('%2F', '/')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%28', '(')
    .replaceAll('%29', ')');
  return text === '' ? '' : `?${text}`;
}
