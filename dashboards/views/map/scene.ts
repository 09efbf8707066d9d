// The map as numbers: lines and dots in the graph's units, their fit on a canvas, and what is under the pointer. Pure.
import type { MapEdge, MapNode, WorkloadMap } from '../../../server/api.ts';
import type { MapView } from '../../map-view.ts';
import { clusterOf, harmOf, nodeName } from '../../map-words.ts';
import type { Severity } from '../../verdicts.ts';
import type { GraphNode, Place } from './layout.ts';

/** `at`: index of the edge. `ends`: indices of its nodes. */
export type Line = { at: number; ends: readonly [number, number]; from: Place; to: Place; width: number; severity: Severity };
export type Dot = Place & { radius: number; name: string; isWatched: boolean };
export type Ring = Place & { radius: number; name: string };
export type Scene = { lines: Line[]; dots: Dot[]; rings: Ring[] };
/** From the graph's units to pixels. */
export type Frame = { scale: number; dx: number; dy: number };

const RADIUS = { least: 4, most: 14 } as const;
const WIDTH = { least: 0.75, most: 8 } as const;
const MARGIN_PX = 32;

export const keyOf = ({ host_id, comm, container, network }: MapNode): string =>
  host_id === null ? network : [host_id, comm, container].join('\n');

/** Ten times as many bytes make a line 1.5 px wider. */
export const widthOf = (bytes: number): number => Math.min(WIDTH.most, WIDTH.least + 1.5 * Math.max(0, Math.log10(1 + bytes / 1000)));

/** The nodes and edges for a layout. A node with many edges is larger. */
export function graphOf({ nodes, edges }: Pick<WorkloadMap, 'nodes' | 'edges'>, { cluster }: Pick<MapView, 'cluster'>): GraphNode[] {
  const degree = new Array<number>(nodes.length).fill(0);
  for (const { from, to } of edges) for (const at of [from, to]) degree[at] = (degree[at] ?? 0) + 1;
  return nodes.map((node, at) => ({
    key: keyOf(node),
    cluster: clusterOf(node, cluster),
    radius: Math.min(RADIUS.most, RADIUS.least + Math.sqrt(degree[at] ?? 0)),
  }));
}

const HERE: Place = { x: 0, y: 0 };

export function sceneOf(map: Pick<WorkloadMap, 'nodes' | 'edges'>, view: MapView, places: ReadonlyMap<string, Place>): Scene {
  const graph = graphOf(map, view);
  const spots = graph.map(({ key }) => places.get(key) ?? HERE);
  const { severity } = harmOf(view.harm);
  const lineOf = (edge: MapEdge, at: number): Line => ({
    at,
    ends: [edge.from, edge.to],
    from: spots[edge.from] ?? HERE,
    to: spots[edge.to] ?? HERE,
    width: widthOf(edge.bytes),
    severity: severity(edge),
  });
  const dots = map.nodes.map(
    (node, at): Dot => ({
      ...(spots[at] ?? HERE),
      radius: graph[at]?.radius ?? RADIUS.least,
      name: nodeName(node),
      isWatched: node.host_id !== null,
    }),
  );
  const rings = [...Map.groupBy(graph.keys(), (at) => graph[at]?.cluster ?? '')].map(([name, members]) =>
    ringOf(
      name,
      members.flatMap((at) => dots[at] ?? []),
    ),
  );
  return { lines: map.edges.map(lineOf), dots, rings };
}

/** A circle around all nodes of a cluster. */
function ringOf(name: string, members: readonly Dot[]): Ring {
  const x = members.reduce((sum, dot) => sum + dot.x, 0) / Math.max(1, members.length);
  const y = members.reduce((sum, dot) => sum + dot.y, 0) / Math.max(1, members.length);
  const radius = members.reduce((most, dot) => Math.max(most, Math.hypot(dot.x - x, dot.y - y) + dot.radius + 6), 0);
  return { x, y, radius, name };
}

/** The frame in which the whole map is visible. */
export function frameOf({ rings }: Pick<Scene, 'rings'>, width: number, height: number): Frame {
  if (rings.length === 0) return { scale: 1, dx: width / 2, dy: height / 2 };
  const [left, right] = [Math.min(...rings.map((ring) => ring.x - ring.radius)), Math.max(...rings.map((ring) => ring.x + ring.radius))];
  const [top, bottom] = [Math.min(...rings.map((ring) => ring.y - ring.radius)), Math.max(...rings.map((ring) => ring.y + ring.radius))];
  const fits = Math.min((width - 2 * MARGIN_PX) / Math.max(1, right - left), (height - 2 * MARGIN_PX) / Math.max(1, bottom - top));
  const scale = Math.max(0.05, Math.min(2, fits));
  return { scale, dx: width / 2 - (scale * (left + right)) / 2, dy: height / 2 - (scale * (top + bottom)) / 2 };
}

export const onCanvas = ({ scale, dx, dy }: Frame, { x, y }: Place): Place => ({ x: scale * x + dx, y: scale * y + dy });

/** Zoomed around a point of the canvas. */
export function zoomed({ scale, dx, dy }: Frame, by: number, { x, y }: Place): Frame {
  const next = Math.max(0.05, Math.min(8, scale * by));
  const factor = next / scale;
  return { scale: next, dx: x - (x - dx) * factor, dy: y - (y - dy) * factor };
}

/** Width of a line on the canvas, px: thinner in a small picture. */
export const widthOn = ({ scale }: Frame, { width }: Pick<Line, 'width'>): number => Math.max(0.5, width * Math.min(1, scale));
export const radiusOn = ({ scale }: Frame, { radius }: Pick<Dot, 'radius'>): number => Math.max(2, radius * scale);

/** The edge or node under the pointer, by its index. */
export type Pointed = { edge: number; node: null } | { edge: null; node: number } | null;

/** How near the pointer must be to a line, px. */
const NEAR_PX = 8;

/** The dot at a point of the canvas, or else the nearest line within NEAR_PX. */
export function pointedAt({ lines, dots }: Pick<Scene, 'lines' | 'dots'>, frame: Frame, point: Place): Pointed {
  const node = dots.findIndex((dot) => {
    const { x, y } = onCanvas(frame, dot);
    return Math.hypot(x - point.x, y - point.y) <= radiusOn(frame, dot) + 1;
  });
  if (node >= 0) return { edge: null, node };
  let [edge, nearest]: [number | null, number] = [null, NEAR_PX];
  for (const line of lines) {
    const distance = distanceTo(point, onCanvas(frame, line.from), onCanvas(frame, line.to)) - widthOn(frame, line) / 2;
    if (distance < nearest) [edge, nearest] = [line.at, distance];
  }
  return edge === null ? null : { edge, node: null };
}

/** Distance of a point from a line segment. */
function distanceTo(point: Place, from: Place, to: Place): number {
  const [x, y] = [to.x - from.x, to.y - from.y];
  const length = x * x + y * y;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((point.x - from.x) * x + (point.y - from.y) * y) / length));
  return Math.hypot(point.x - from.x - along * x, point.y - from.y - along * y);
}
