// The worst edges: the peers and ports to which most segments were sent again lately. Older retransmissions count less and less.
import { KINDS, type RetransmitRow } from '../../bpf/rows/rows.gen.ts';

/** One peer at one service. `served_here`: the port is this host's. */
export type Edge = { peer: string; port: number; served_here: boolean };

/** Most edges that are counted at a time: a host under attack has any number of peers. */
const EDGES_MAX = 4096;
/** An edge with fewer segments is not worth a look back. */
const SEGMENTS_MIN = 5;
const KEPT_SHARE = 0.7;

export class WorstEdges {
  readonly #segments = new Map<string, { edge: Edge; segments: number }>();

  /** @param rows whole `retransmit` rows */
  see(rows: Uint8Array): void {
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    for (let at = 0; at < rows.length; at += KINDS.retransmit.size) this.#count(KINDS.retransmit.read(view, at));
  }

  /** Lets what was counted so far weigh less. To be called every so often. */
  fade(): void {
    for (const [key, counted] of this.#segments) {
      counted.segments *= KEPT_SHARE;
      if (counted.segments < 1) this.#segments.delete(key);
    }
  }

  /** The worst first, `most` of them. */
  worst(most: number): Edge[] {
    const all = [...this.#segments.values()].filter(({ segments }) => segments >= SEGMENTS_MIN);
    return all
      .toSorted((one, other) => other.segments - one.segments)
      .slice(0, most)
      .map(({ edge }) => edge);
  }

  #count({ peer_addr, local_port, peer_port, role, outcome, segments }: RetransmitRow): void {
    if (outcome === 'refused') return;
    const served_here = role === 'server';
    const edge = { peer: peer_addr, port: served_here ? local_port : peer_port, served_here };
    const key = `${edge.peer} ${edge.port} ${served_here}`;
    const counted = this.#segments.get(key) ?? { edge, segments: 0 };
    counted.segments += Math.max(1, segments);
    if (this.#segments.size < EDGES_MAX || this.#segments.has(key)) this.#segments.set(key, counted);
  }
}

/** The filter that matches connections of these edges; there has to be at least one. */
export function expressionOf(edges: readonly Edge[]): string {
  return edges
    .map(({ peer, port, served_here }) => `(peer = ${peer} and ${served_here ? 'local_port' : 'peer_port'} = ${port})`)
    .join(' or ');
}
