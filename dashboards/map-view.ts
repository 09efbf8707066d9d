// The part of a link that describes the map: the harm that colours and orders the edges, and the clusters of nodes. Pure.
import type { MAP_HARMS } from '../server/api.ts';

export const HARMS: typeof MAP_HARMS = ['lost_ratio', 'failed', 'resets', 'rtt_p99_us', 'bytes'];
export type Harm = (typeof HARMS)[number];
/** `label.NAME`: a label of hosts. */
export type ClusterBy = 'host' | 'network' | `label.${string}`;

export type MapView = { harm: Harm; cluster: ClusterBy };
export const MAP_START: MapView = { harm: 'lost_ratio', cluster: 'host' };
export const MAP_KEYS: readonly string[] = Object.keys(MAP_START);

const isClusterBy = (text: string): text is ClusterBy => /^(host|network|label\.[\w.-]{1,80})$/.test(text);

/** `problems`: what could not be used. */
export function parseMapView(params: URLSearchParams): { view: MapView; problems: string[] } {
  const problems: string[] = [];
  const map = { ...MAP_START };
  const [harm, cluster] = [params.get('harm'), params.get('cluster')];
  const known = HARMS.find((one) => one === harm);
  if (known) map.harm = known;
  else if (harm !== null) problems.push(`harm=${harm}: known are ${HARMS.join(', ')}.`);
  if (cluster !== null && isClusterBy(cluster)) map.cluster = cluster;
  else if (cluster !== null) problems.push(`cluster=${cluster}: known are host, network and label.NAME.`);
  return { view: map, problems };
}

export function formatMapView({ harm, cluster }: MapView, params: URLSearchParams): void {
  if (harm !== MAP_START.harm) params.set('harm', harm);
  if (cluster !== MAP_START.cluster) params.set('cluster', cluster);
}
