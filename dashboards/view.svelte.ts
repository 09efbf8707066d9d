// The URL as reactive state: reading it draws the page, changing it is navigation, and Back works.
import { CONNECTIONS_START } from './connections-view.ts';
import { EXPLORE_START } from './explore-view.ts';
import { FLEET_START } from './fleet-view.ts';
import { LATENCY_START } from './latency-view.ts';
import { MAP_START } from './map-view.ts';
import { PILES_START } from './piles-view.ts';
import { RETRANSMITS_START } from './retransmits-view.ts';
import { type ConnectionRef, formatViewState, type Page, parseViewState, type ViewState } from './view-state.ts';

/** Kept in the history entry: whether the page itself pushed it, so that closing may simply go back. */
type Entry = { pushed?: boolean } | null;

class View {
  #parsed = $state.raw(parseViewState(location.search));

  get state(): ViewState {
    return this.#parsed.state;
  }

  /** What the link held that could not be used. */
  get problems(): string[] {
    return this.#parsed.problems;
  }

  start(): void {
    window.addEventListener('popstate', () => {
      this.#parsed = parseViewState(location.search);
    });
  }

  /** The link that `change` leads to. */
  href(change: Partial<ViewState>): string {
    return formatViewState({ ...this.state, ...change }) || location.pathname;
  }

  go(change: Partial<ViewState>): void {
    this.follow(this.href(change));
  }

  /** Goes to a link of this page: what follows its path. */
  follow(link: string): void {
    const href = link || location.pathname;
    if (href === (location.search + location.hash || location.pathname)) return;
    history.pushState({ pushed: true } satisfies Entry, '', href);
    this.#parsed = parseViewState(location.search);
  }

  /** Leaves what is open over the page: back if it was opened here, else to the link without it. */
  close(): void {
    if (!this.state.connection && !this.state.panel) return;
    if ((history.state as Entry)?.pushed) {
      history.back();
      return;
    }
    history.replaceState(null, '', this.href({ connection: null, panel: null }));
    this.#parsed = parseViewState(location.search);
  }
}

export const view = new View();

/** Where each page begins. */
export const HOME = {
  now: { page: 'now', connection: null, panel: null },
  explore: { page: 'explore', explore: EXPLORE_START, connection: null, panel: null },
  retransmits: { page: 'retransmits', retransmits: RETRANSMITS_START, connection: null, panel: null },
  latency: { page: 'latency', latency: LATENCY_START, connection: null, panel: null },
  connections: { page: 'connections', connections: CONNECTIONS_START, connection: null, panel: null },
  listeners: { page: 'listeners', connection: null, panel: null },
  piles: { page: 'piles', piles: PILES_START, connection: null, panel: null },
  map: { page: 'map', map: MAP_START, connection: null, panel: null },
  fleet: { page: 'fleet', fleet: FLEET_START, connection: null, panel: null },
  help: { page: 'help', connection: null, panel: null },
  admin: { page: 'admin', connection: null, panel: null },
} as const satisfies Record<Page, Partial<ViewState>>;

/** A click on a link within the page: plain ones stay here, those with modifiers open tabs as ever. */
export function onLinkClick(change: Partial<ViewState>): (event: MouseEvent) => void {
  return (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    view.go(change);
  };
}

export const connectionOf = (row: ConnectionRef): Partial<ViewState> => ({
  connection: { host_id: row.host_id, connection_id: row.connection_id },
});
