// The URL as reactive state: reading it draws the page, changing it is navigation, and Back works.
import { hasView, PAGE_VIEWS } from './page-views.ts';
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

/** Where a page begins. */
export const homeOf = (page: Page): Partial<ViewState> => ({
  page,
  ...(hasView(page) && { [page]: PAGE_VIEWS[page].start }),
  connection: null,
  panel: null,
});

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
