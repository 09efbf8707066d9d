// Links to the rows of an investigation's connections, hosts and time. Pure.
import { allOf } from '../../../agent/contract/language/write.ts';
import type { Investigation } from '../../../server/api.ts';
import { CONNECTIONS_START } from '../../connections-view.ts';
import { RETRANSMITS_START } from '../../retransmits-view.ts';
import { endOf } from '../../verdict-comparison.ts';
import type { ViewState } from '../../view-state.ts';

type Of = Pick<Investigation, 'expression' | 'hosts' | 'begins_ms' | 'ends_ms' | 'stopped_ms'>;

/** @param more a further test, to select some of the connections */
export function rowsLink(page: 'connections' | 'retransmits', investigation: Of, now_ms: number, more = ''): Partial<ViewState> {
  const { expression, hosts, begins_ms } = investigation;
  const to_ms = Math.max(begins_ms + 1, Math.floor(Math.min(endOf(investigation), now_ms)));
  return {
    page,
    filter: allOf(expression, hosts, more),
    range: { from_ms: begins_ms, to_ms },
    connections: CONNECTIONS_START,
    retransmits: RETRANSMITS_START,
    connection: null,
    panel: null,
  };
}
