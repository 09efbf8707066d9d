// What the browser's tab and history say: which page, and of what.
import { formatFilter, isUnfiltered } from './filter.ts';
import { formatName } from './format.ts';
import type { Page, ViewState } from './view-state.ts';

export const PAGE_NAMES = {
  now: 'Now',
  explore: 'Explore',
  connections: 'Connections',
  listeners: 'Listeners',
  piles: 'Pile-ups',
  map: 'Map',
  fleet: 'Fleet',
  admin: 'Admin',
} as const satisfies Record<Page, string>;

export function titleOf({ page, filter, panel, connection }: Pick<ViewState, 'page' | 'filter' | 'panel' | 'connection'>): string {
  const what = connection ? 'A connection' : panel === 'completeness' ? 'Completeness' : PAGE_NAMES[page];
  return `${what}${isUnfiltered(filter) ? '' : `: ${formatName(formatFilter(filter))}`} · tcplens`;
}
