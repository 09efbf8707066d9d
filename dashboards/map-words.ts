// Names of the map's nodes and edges, and the harms with the limits from which they count. Pure.
import type { MapEdge, MapNode, WorkloadMap } from '../server/api.ts';
import { figure, formatBytes, formatCount, formatDurationUs, formatName, formatRatio } from './format.ts';
import type { ClusterBy, Harm } from './map-view.ts';
import { grade, RETRANSMIT_BAD, RETRANSMIT_WARN, SEGMENTS_MIN, type Severity } from './verdicts.ts';

/** Shares of failed connects, and of connections ended by a RST, from which users notice. */
const SHARE_WARN = 0.01;
const SHARE_BAD = 0.05;
/** With fewer connections a share is not judged. */
const CONNECTIONS_MIN = 20;
const RTT_WARN_US = 100_000;
const RTT_BAD_US = 500_000;

export type HarmWords = {
  label: string;
  meaning: string;
  format: (edge: MapEdge) => string;
  severity: (edge: MapEdge) => Severity;
  /** meaning of the two colours; empty if the figure is not judged */
  legend: readonly [warn: string, bad: string] | readonly [];
};

/** Any failure is shown; with many connections, the share decides on the severity. */
function shareSeverity(count: number, { connections }: MapEdge): Severity {
  if (count === 0) return 'ok';
  return connections < CONNECTIONS_MIN ? 'warn' : grade(count / connections, SHARE_WARN, SHARE_BAD);
}

export const HARM_WORDS = {
  lost_ratio: {
    label: 'lost',
    meaning: `data segments lost / sent by the ends that are watched; of fewer than ${SEGMENTS_MIN} segments it is no judgement`,
    format: ({ lost_ratio }) => figure(lost_ratio, formatRatio),
    severity: ({ lost_ratio, data_segs_out }) =>
      lost_ratio === null || data_segs_out < SEGMENTS_MIN ? 'none' : grade(lost_ratio, RETRANSMIT_WARN, RETRANSMIT_BAD),
    legend: [`from ${formatRatio(RETRANSMIT_WARN)} lost`, `from ${formatRatio(RETRANSMIT_BAD)}`],
  },
  failed: {
    label: 'failed',
    meaning: 'connects that failed',
    format: ({ failed }) => formatCount(failed),
    severity: (edge) => shareSeverity(edge.failed, edge),
    legend: [`from ${formatRatio(SHARE_WARN)} failed, or one of few`, `from ${formatRatio(SHARE_BAD)}`],
  },
  resets: {
    label: 'reset',
    meaning: 'connections that a RST ended',
    format: ({ resets }) => formatCount(resets),
    severity: (edge) => shareSeverity(edge.resets, edge),
    legend: [`from ${formatRatio(SHARE_WARN)} reset, or one of few`, `from ${formatRatio(SHARE_BAD)}`],
  },
  rtt_p99_us: {
    label: 'RTT p99',
    meaning: '99th percentile of the smoothed round-trip time, as the end that connected measures it, else as the other does',
    format: ({ rtt_p99_us }) => figure(rtt_p99_us, formatDurationUs),
    severity: ({ rtt_p99_us }) => (rtt_p99_us === null ? 'none' : grade(rtt_p99_us, RTT_WARN_US, RTT_BAD_US)),
    legend: [`from ${formatDurationUs(RTT_WARN_US)}`, `from ${formatDurationUs(RTT_BAD_US)}`],
  },
  bytes: {
    label: 'bytes',
    meaning: 'payload sent and received, counted at one end',
    format: ({ bytes }) => formatBytes(bytes),
    severity: () => 'none',
    legend: [],
  },
} as const satisfies Record<Harm, HarmWords>;

export const harmOf = (harm: Harm): HarmWords => HARM_WORDS[harm];

/** The name of a workload: its process, and the container to tell it from others; of a network: its prefix. */
export function nodeName({ host_id, comm, container, network }: MapNode): string {
  if (host_id === null) return network;
  return [comm === '' ? 'unknown process' : formatName(comm), formatName(container)].filter(Boolean).join(' · ');
}

/** The name with the host. */
export const nodePlace = (node: MapNode): string =>
  node.host_id === null ? node.network : `${nodeName(node)} on ${formatName(node.host)}`;

/** The cluster of a node. A network that is not watched has no host and no label. */
export function clusterOf(node: MapNode, by: ClusterBy): string {
  if (by === 'network') return node.network;
  if (node.host_id === null) return 'not watched';
  return by === 'host' ? formatName(node.host) : formatName(node.labels[by.slice('label.'.length)] ?? '') || 'without this label';
}

/** An edge with its figures, in a sentence. */
export function edgeWords({ nodes }: Pick<WorkloadMap, 'nodes'>, edge: MapEdge): string {
  const [from, to] = [nodes[edge.from], nodes[edge.to]];
  if (!from || !to) return '';
  const figures = [
    `${formatCount(edge.connections)} ${edge.connections === 1 ? 'connection' : 'connections'}`,
    formatBytes(edge.bytes),
    edge.lost_ratio === null ? 'no data sent' : `${formatRatio(edge.lost_ratio)} lost`,
    `${formatCount(edge.failed)} failed`,
    `${formatCount(edge.resets)} reset`,
    edge.rtt_p99_us === null ? 'no RTT measured' : `RTT p99 ${formatDurationUs(edge.rtt_p99_us)}`,
  ];
  return `${nodePlace(from)} → ${nodePlace(to)} :${edge.port} — ${figures.join(', ')}${edge.both_ends ? '; both ends watched, counted once' : ''}`;
}

/** Labels that can form clusters. */
export const labelNames = ({ nodes }: Pick<WorkloadMap, 'nodes'>): string[] =>
  [...new Set(nodes.flatMap(({ labels }) => Object.keys(labels)))].toSorted();
