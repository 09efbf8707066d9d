// The order of edges, as on the server: the worst first, and those with too little behind the figure last.
import type { Edge, Edges } from '../../../server/api.ts';
import { SEGMENTS_MIN } from '../../verdicts.ts';
import type { Sort } from '../../view-state.ts';

function worth(edge: Edge, sort: Sort): number {
  const figure = edge[sort] ?? -1;
  return sort === 'retransmit_ratio' && edge.data_segs_out < SEGMENTS_MIN ? figure - 2 : figure;
}

export const sortEdges = ({ edges, total }: Edges, sort: Sort): Edges => ({
  edges: edges.toSorted((a, b) => Number(a.others) - Number(b.others) || worth(b, sort) - worth(a, sort)),
  total,
});
