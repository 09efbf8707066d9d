// The title for the browser's tab and history: the page and its subject.
import { formatName } from './format.ts';
import type { Page, ViewState } from './view-state.ts';

export const PAGE_NAMES = {
  now: 'Now',
  explore: 'Explore',
  retransmits: 'Retransmits',
  latency: 'Latency',
  connections: 'Connections',
  listeners: 'Listeners',
  piles: 'Pile-ups',
  map: 'Map',
  investigations: 'Investigations',
  fleet: 'Fleet',
  admin: 'Admin',
  help: 'Manual',
} as const satisfies Record<Page, string>;

const panelName = (panel: ViewState['panel']) => (panel === null ? undefined : panel === 'completeness' ? 'Completeness' : 'What differs');

export function titleOf({ page, filter, panel, connection }: Pick<ViewState, 'page' | 'filter' | 'panel' | 'connection'>): string {
  const what = connection ? 'A connection' : (panelName(panel) ?? PAGE_NAMES[page]);
  return `${what}${filter === '' ? '' : `: ${formatName(filter)}`} · tcplens`;
}
