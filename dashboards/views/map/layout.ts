// Positions of the map's nodes: nodes of a cluster lie together, and near their peers. The same graph always gives the same positions.
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type Simulation,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from 'd3-force';

export type Place = { x: number; y: number };
/** `key`: identifies the node, whatever its index in an answer. */
export type GraphNode = { key: string; cluster: string; radius: number };
export type GraphEdge = { from: number; to: number };

type Body = SimulationNodeDatum & GraphNode & Place & { home: Place };

const GAP = 6;
/** The golden angle: clusters fill a disc evenly, whatever their number. */
const TURN = Math.PI * (3 - Math.sqrt(5));

/** The centre of each cluster; the largest cluster is in the middle. @param aspect width of the picture divided by its height */
export function homesOf(nodes: readonly GraphNode[], aspect = 1): Map<string, Place> {
  const members = [...Map.groupBy(nodes, ({ cluster }) => cluster)].toSorted(
    ([a, of_a], [b, of_b]) => of_b.length - of_a.length || a.localeCompare(b),
  );
  let area = 0;
  return new Map(
    members.map(([cluster, all], at) => {
      const own = all.reduce((sum, { radius }) => sum + (4 * (radius + GAP)) ** 2, 0);
      const distance = at === 0 ? 0 : Math.sqrt(area + own / 2);
      area += own;
      return [
        cluster,
        { x: distance * Math.cos((at - 1) * TURN) * Math.sqrt(aspect), y: (distance * Math.sin((at - 1) * TURN)) / Math.sqrt(aspect) },
      ];
    }),
  );
}

export class Layout {
  readonly #simulation: Simulation<Body, SimulationLinkDatum<Body>>;
  readonly #bodies: Body[];

  /** @param known positions of an earlier layout, by key: known nodes stay about where they were */
  constructor(nodes: readonly GraphNode[], edges: readonly GraphEdge[], known: ReadonlyMap<string, Place> = new Map(), aspect = 1) {
    const homes = homesOf(nodes, aspect);
    this.#bodies = nodes.map((node, at) => {
      const home = homes.get(node.cluster) ?? { x: 0, y: 0 };
      const spread = 3 * Math.sqrt(at + 1);
      const start = known.get(node.key) ?? { x: home.x + spread * Math.cos(at * TURN), y: home.y + spread * Math.sin(at * TURN) };
      return { ...node, home, ...start };
    });
    const links = edges.map(({ from, to }) => ({ source: from, target: to }));
    this.#simulation = forceSimulation(this.#bodies)
      .force('link', forceLink<Body, SimulationLinkDatum<Body>>(links).distance(60).strength(0.02))
      .force('apart', forceManyBody<Body>().strength(-24).distanceMax(200))
      .force('x', forceX<Body>(({ home }) => home.x).strength(0.15))
      .force('y', forceY<Body>(({ home }) => home.y).strength(0.15))
      .force(
        'collide',
        forceCollide<Body>(({ radius }) => radius + GAP),
      )
      .alpha(known.size > 0 ? 0.2 : 1)
      .alphaDecay(0.04)
      .stop();
  }

  /** Continues for about `budget_ms`, so that the page stays responsive. @returns whether the layout is final */
  run(budget_ms: number, now: () => number = () => performance.now()): boolean {
    const end_ms = now() + budget_ms;
    while (this.#simulation.alpha() >= this.#simulation.alphaMin()) {
      this.#simulation.tick();
      if (now() >= end_ms) break;
    }
    return this.#simulation.alpha() < this.#simulation.alphaMin();
  }

  get places(): Map<string, Place> {
    return new Map(this.#bodies.map(({ key, x, y }) => [key, { x, y }]));
  }
}
