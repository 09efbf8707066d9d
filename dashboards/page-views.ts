// The parts of links that belong to single pages: for each page its start values, its keys, and functions to parse and format them.
import {
  CONNECTIONS_KEYS,
  CONNECTIONS_START,
  type ConnectionsView,
  formatConnectionsView,
  parseConnectionsView,
} from './connections-view.ts';
import { EXPLORE_KEYS, EXPLORE_START, type ExploreView, formatExploreView, parseExploreView } from './explore-view.ts';
import { FLEET_KEYS, FLEET_START, type FleetView, formatFleetView, parseFleetView } from './fleet-view.ts';
import {
  formatInvestigationsView,
  INVESTIGATIONS_KEYS,
  INVESTIGATIONS_START,
  type InvestigationsView,
  parseInvestigationsView,
} from './investigations-view.ts';
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

export type PageViews = {
  explore: ExploreView;
  retransmits: RetransmitsView;
  latency: LatencyView;
  connections: ConnectionsView;
  piles: PilesView;
  map: MapView;
  /** the form for a new investigation, or the open one */
  investigations: InvestigationsView;
  /** the list of hosts, or the open host */
  fleet: FleetView;
};
export type PageWithView = keyof PageViews;

type PageView<View> = {
  start: View;
  keys: readonly string[];
  /** `problems`: what could not be used */
  parse(params: URLSearchParams): { view: View; problems: string[] };
  /** leaves out what has its start value */
  format(view: View, params: URLSearchParams): void;
};

export const PAGE_VIEWS: { readonly [Name in PageWithView]: PageView<PageViews[Name]> } = {
  explore: { start: EXPLORE_START, keys: EXPLORE_KEYS, parse: parseExploreView, format: formatExploreView },
  retransmits: { start: RETRANSMITS_START, keys: RETRANSMITS_KEYS, parse: parseRetransmitsView, format: formatRetransmitsView },
  latency: { start: LATENCY_START, keys: LATENCY_KEYS, parse: parseLatencyView, format: formatLatencyView },
  connections: { start: CONNECTIONS_START, keys: CONNECTIONS_KEYS, parse: parseConnectionsView, format: formatConnectionsView },
  piles: { start: PILES_START, keys: PILES_KEYS, parse: parsePilesView, format: formatPilesView },
  map: { start: MAP_START, keys: MAP_KEYS, parse: parseMapView, format: formatMapView },
  investigations: {
    start: INVESTIGATIONS_START,
    keys: INVESTIGATIONS_KEYS,
    parse: parseInvestigationsView,
    format: formatInvestigationsView,
  },
  fleet: { start: FLEET_START, keys: FLEET_KEYS, parse: parseFleetView, format: formatFleetView },
};

export const hasView = (page: string): page is PageWithView => Object.hasOwn(PAGE_VIEWS, page);

/** The start values of all pages. */
export const startViews = (): PageViews =>
  Object.fromEntries(Object.entries(PAGE_VIEWS).map(([name, { start }]) => [name, start])) as PageViews;

/** Reads the page's own part of a link into `views`. @returns what could not be used */
export function readView<Name extends PageWithView>(name: Name, params: URLSearchParams, views: PageViews): string[] {
  const page: PageView<PageViews[Name]> = PAGE_VIEWS[name];
  const { view, problems } = page.parse(params);
  views[name] = view;
  return problems;
}

export function writeView<Name extends PageWithView>(name: Name, views: PageViews, params: URLSearchParams): void {
  const page: PageView<PageViews[Name]> = PAGE_VIEWS[name];
  page.format(views[name], params);
}
