// The order that the page gives the edges of a tick is the server's.
import { expect, test } from 'vitest';
import { sortEdges } from '../../dashboards/views/now/edge-order.ts';
import type { Edge } from '../../server/api.ts';

const edge = (comm: string, change: Partial<Edge>) =>
  ({ comm, others: false, data_segs_out: 1000, retransmit_ratio: 0, ...change }) as Edge;
const EDGES = [
  edge('all others', { others: true, retransmit_ratio: 0.9 }),
  edge('1 of 2', { data_segs_out: 2, retransmit_ratio: 0.5 }),
  edge('none sent', { data_segs_out: 0, retransmit_ratio: null }),
  edge('none lost', {}),
  edge('1 of 100', { data_segs_out: 100, retransmit_ratio: 0.01 }),
];

test('by ratio, those of a few segments come behind those of many, and all others last', () => {
  const { edges, total } = sortEdges({ edges: EDGES, total: 9 }, 'retransmit_ratio');
  expect(edges.map(({ comm }) => comm)).toEqual(['1 of 100', 'none lost', '1 of 2', 'none sent', 'all others']);
  expect(total).toBe(9);
});
