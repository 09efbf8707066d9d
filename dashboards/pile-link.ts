// Where the rows of pile-ups lead: to the connections behind them.
import type { Closer, Pile, PortUse } from '../server/api.ts';
import { CONNECTIONS_START, type ConnectionsView } from './connections-view.ts';
import type { Filter } from './filter.ts';
import type { ViewState } from './view-state.ts';

type Of = { host: string; comm: string; peer_addr?: string; port: number | null };

const filterOf = ({ host, comm, peer_addr = '', port }: Of, manyHosts: boolean): Filter => ({
  ...(manyHosts ? { host } : {}),
  ...(comm === '' ? {} : { process: comm }),
  ...(peer_addr === '' ? {} : { peer: peer_addr }),
  ...(port === null ? {} : { port }),
});

const to = (of: Of, manyHosts: boolean, connections: Partial<ConnectionsView>): Partial<ViewState> => ({
  page: 'connections',
  filter: filterOf(of, manyHosts),
  connections: { ...CONNECTIONS_START, ...connections },
  connection: null,
  panel: null,
});

export const pileLink = (pile: Pile, manyHosts: boolean): Partial<ViewState> =>
  to(pile, manyHosts, { phase: 'live', state: pile.state, by: 'state_us' });

export const closerLink = (closer: Closer, manyHosts: boolean): Partial<ViewState> =>
  to(closer, manyHosts, { phase: 'ended', ...(closer.closed_first > 0 && { reason: 'fin_local' }) });

/** To what failed where something did. Processes share the ports, so it is of all of them. */
export const portLink = ({ host, peer_addr, peer_port, failed }: PortUse, manyHosts: boolean): Partial<ViewState> =>
  to({ host, comm: '', peer_addr, port: peer_port }, manyHosts, failed > 0 ? { phase: 'failed', reason: 'no_port' } : {});
