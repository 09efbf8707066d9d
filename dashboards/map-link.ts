// Links of the map: from an edge to its connections, as seen at a watched end, and from a workload to the map of it alone.
import type { MapEdge, MapNode, WorkloadMap } from '../server/api.ts';
import { CONNECTIONS_START } from './connections-view.ts';
import type { Harm } from './map-view.ts';
import { type Narrowing, narrowedTo } from './narrowed.ts';
import type { ViewState } from './view-state.ts';

const CHOSEN = {
  lost_ratio: { by: 'retransmit_ratio' },
  failed: { phase: 'failed' },
  resets: { phase: 'ended' },
  rtt_p99_us: { by: 'srtt_us' },
  bytes: { by: 'bytes' },
} as const satisfies Record<Harm, Partial<ViewState['connections']>>;

/** Tests that select a workload; none for an end that is not watched. */
const narrowingOf = (node: MapNode | undefined, manyHosts: boolean): Narrowing[] =>
  node === undefined || node.host_id === null
    ? []
    : [...(manyHosts ? [['host', [node.host]] as const] : []), ...(node.comm === '' ? [] : [['process', [node.comm]] as const])];

/** @param filter the page's filter */
export function edgeLink(
  filter: string,
  { nodes }: Pick<WorkloadMap, 'nodes'>,
  edge: MapEdge,
  { harm, manyHosts }: { harm: Harm; manyHosts: boolean },
): Partial<ViewState> {
  const watched = [nodes[edge.from], nodes[edge.to]].find((node) => node !== undefined && node.host_id !== null);
  const narrow = narrowedTo(filter, ...narrowingOf(watched, manyHosts), ['service_port', [edge.port === 0 ? '' : String(edge.port)]]);
  // If no connection failed, there is none to select.
  const chosen = harm === 'failed' && edge.failed === 0 ? {} : CHOSEN[harm];
  return { page: 'connections', filter: narrow, connections: { ...CONNECTIONS_START, ...chosen }, connection: null, panel: null };
}

/** The map of one workload and its peers; nothing for a network. */
export const nodeLink = (filter: string, node: MapNode, manyHosts: boolean): Partial<ViewState> =>
  node.host_id === null ? {} : { filter: narrowedTo(filter, ...narrowingOf(node, manyHosts)) };
