// The URL as reactive state: the page is drawn from it, and changes of it are navigation, so that Back works.
import { hasView, PAGE_VIEWS } from './page-views.ts';
import { type ConnectionRef, formatViewState, type Page, parseViewState, type ViewState } from './view-state.ts';

/** In the history entry: whether this page pushed it. Then closing a panel can go back. */
type Entry = { pushed?: boolean } | null;

class View {
  #parsed = $state.raw(parseViewState(location.search));

  get state(): ViewState {
    return this.#parsed.state;
  }

  /** Parts of the link that could not be used. */
  get problems(): string[] {
    return this.#parsed.problems;
  }

  start(): void {
    window.addEventListener('popstate', () => {
      this.#parsed = parseViewState(location.search);
    });
  }

  /** The link to the state after `change`. */
  href(change: Partial<ViewState>): string {
    return formatViewState({ ...this.state, ...change }) || location.pathname;
  }

  go(change: Partial<ViewState>): void {
    this.follow(this.href(change));
  }

  /** Goes to another link of this page. @param link without the path */
  follow(link: string): void {
    const href = link || location.pathname;
    if (href === (location.search + location.hash || location.pathname)) return;
    history.pushState({ pushed: true } satisfies Entry, '', href);
    this.#parsed = parseViewState(location.search);
  }

  /** Closes what is open over the page: goes back if the page opened it, else to the link without it. */
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

/** The start state of a page. */
export const homeOf = (page: Page): Partial<ViewState> => ({
  page,
  ...(hasView(page) && { [page]: PAGE_VIEWS[page].start }),
  connection: null,
  panel: null,
});

/** Handles clicks on a link within the page: a plain click navigates here; with modifiers the browser opens a tab as usual. */
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
