import type { ResetGroup } from '../../../server/api.ts';
import { narrowed } from '../../narrowed.ts';
import type { ViewState } from '../../view-state.ts';

type Group = Pick<ResetGroup, 'host_id' | 'host' | 'comm' | 'peer_addr' | 'port' | 'connection_id'>;

/** The link of a group: to its newest connection, or, if it has none with a socket, to the page filtered by process and peer. */
export function causeLink(group: Group, filter: string, manyHosts: boolean): Partial<ViewState> {
  const { host_id, connection_id } = group;
  return connection_id === '0' ? { filter: narrowed(filter, group, manyHosts) } : { connection: { host_id, connection_id } };
}
