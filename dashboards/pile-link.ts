// Links from the rows of pile-ups to the connections behind them.
import type { Closer, Pile, PortUse } from '../server/api.ts';
import { CONNECTIONS_START, type ConnectionsView } from './connections-view.ts';
import { narrowedTo } from './narrowed.ts';
import type { ViewState } from './view-state.ts';

type Of = { host: string; comm: string; peer_addr?: string; port: number | null };

const filterOf = (filter: string, { host, comm, peer_addr = '', port }: Of, manyHosts: boolean): string =>
  narrowedTo(
    filter,
    ...(manyHosts ? [['host', [host]] as const] : []),
    ...(comm === '' ? [] : [['process', [comm]] as const]),
    ...(peer_addr === '' ? [] : [['peer', [peer_addr]] as const]),
    ...(port === null ? [] : [['service_port', [String(port)]] as const]),
  );

const to = (filter: string, of: Of, manyHosts: boolean, connections: Partial<ConnectionsView>): Partial<ViewState> => ({
  page: 'connections',
  filter: filterOf(filter, of, manyHosts),
  connections: { ...CONNECTIONS_START, ...connections },
  connection: null,
  panel: null,
});

export const pileLink = (filter: string, pile: Pile, manyHosts: boolean): Partial<ViewState> =>
  to(filter, pile, manyHosts, { phase: 'live', state: pile.state, by: 'state_us' });

export const closerLink = (filter: string, closer: Closer, manyHosts: boolean): Partial<ViewState> =>
  to(filter, closer, manyHosts, { phase: 'ended', ...(closer.closed_first > 0 && { reason: 'fin_local' }) });

/** To the failed connects, if there are any. All processes share the ports, so no process is named. */
export const portLink = (filter: string, { host, peer_addr, peer_port, failed }: PortUse, manyHosts: boolean): Partial<ViewState> =>
  to(filter, { host, comm: '', peer_addr, port: peer_port }, manyHosts, failed > 0 ? { phase: 'failed', reason: 'no_port' } : {});
