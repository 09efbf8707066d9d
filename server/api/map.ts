// The map: workloads, and the traffic between each two of them.
import { type Static, Type } from 'typebox';
import { Figure, Id, Ms, object } from './schema.ts';

/** What edges are ordered by, the worst first. */
export const MAP_HARMS = ['lost_ratio', 'failed', 'resets', 'rtt_p99_us', 'bytes'] as const;

export const MapNode = object({
  host_id: Type.Union([Id, Type.Null()], { description: 'of a workload; null of a network, which no agent watches' }),
  host: Type.String({ description: 'empty of a network' }),
  comm: Type.String({ description: 'process name; empty of a network, and where nobody is known to own it' }),
  container: Type.String({ description: 'container, else systemd unit, else empty' }),
  network: Type.String({ description: 'of its newest address: the /24 of IPv4, the /64 of IPv6' }),
  labels: Type.Record(Type.String(), Type.String(), { description: 'that its host joined with' }),
});
export type MapNode = Static<typeof MapNode>;

export const MapEdge = object({
  from: Type.Integer({ minimum: 0, description: 'which of `nodes` connected' }),
  to: Type.Integer({
    minimum: 0,
    description: 'which of `nodes` was connected to: where that end was not seen, the one that others between these addresses reached',
  }),
  port: Type.Integer({ minimum: 0, description: 'service port' }),
  both_ends: Type.Boolean({ description: 'agents watch both ends of some of its connections: these count once' }),
  connections: Type.Integer({
    minimum: 0,
    description:
      'with a row in the range, those that failed among them; of more than 2 hours, those that ended in it, and those with a row in its last hour',
  }),
  failed: Type.Integer({ minimum: 0, description: 'connects that failed' }),
  resets: Type.Integer({ minimum: 0, description: 'connections that a RST ended' }),
  bytes: Type.Integer({ minimum: 0, description: 'sent and received, as the end that connected counts it, else as the other does' }),
  data_segs_out: Type.Integer({ minimum: 0, description: 'data segments sent, by each end that is watched' }),
  lost_ratio: Figure('data segments lost / sent, of each end that is watched; null without data segments'),
  rtt_p99_us: Figure('µs, as the end that connected measures it, else as the other does; of more than 2 hours at most 4.5 % off'),
});
export type MapEdge = Static<typeof MapEdge>;

export const WorkloadMap = object({
  from_ms: Type.Integer({ minimum: 0, description: 'ms since the epoch; of more than 2 hours the beginning of an hour' }),
  to_ms: Ms,
  nodes: Type.Array(MapNode),
  edges: Type.Array(MapEdge, { description: 'the worst first' }),
  total: Type.Integer({ minimum: 0, description: 'edges of the range, before the limit' }),
  rows_read: Type.Integer({
    minimum: 0,
    description: 'rows of connections and samples; of more than 2 hours, edges of hours and rows of no hour',
  }),
  completeness: Figure('0–1, of the rows of the range'),
});
export type WorkloadMap = Static<typeof WorkloadMap>;
