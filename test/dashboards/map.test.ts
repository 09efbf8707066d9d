import { describe, expect, test } from 'vitest';
import { edgeLink, nodeLink } from '../../dashboards/map-link.ts';
import { clusterOf, edgeWords, HARM_WORDS, labelNames, nodePlace } from '../../dashboards/map-words.ts';
import { Layout } from '../../dashboards/views/map/layout.ts';
import { frameOf, graphOf, onCanvas, pointedAt, sceneOf, widthOf, zoomed } from '../../dashboards/views/map/scene.ts';
import type { MapEdge, MapNode } from '../../server/api.ts';

const plain = (text: string) => text.replaceAll('\u202f', ' ');
const workload = (host: string, comm: string, change: Partial<MapNode> = {}): MapNode => ({
  host_id: host,
  host,
  comm,
  container: '',
  network: '10.0.0.0/24',
  labels: {},
  ...change,
});
const network: MapNode = { host_id: null, host: '', comm: '', container: '', network: '203.0.113.0/24', labels: {} };
const QUIET: MapEdge = {
  from: 0,
  to: 1,
  port: 443,
  both_ends: true,
  connections: 100,
  failed: 0,
  resets: 0,
  bytes: 1500,
  data_segs_out: 1000,
  lost_ratio: 0,
  rtt_p99_us: 1000,
};
const NODES = [workload('web-1', 'curl', { labels: { rack: 'r1' } }), workload('db-1', 'postgres', { container: '0123456789ab' }), network];

test.each([
  ['lost_ratio', { lost_ratio: 0.03 }, 'bad', '3.00 %'],
  ['lost_ratio', { lost_ratio: 0.006 }, 'warn', '0.60 %'],
  ['lost_ratio', { lost_ratio: 0.5, data_segs_out: 2 }, 'none', '50.0 %'],
  ['lost_ratio', { lost_ratio: null }, 'none', '–'],
  ['failed', { failed: 1 }, 'warn', '1'],
  ['failed', { failed: 1, connections: 3 }, 'warn', '1'],
  ['failed', { failed: 1, connections: 1000 }, 'ok', '1'],
  ['failed', { failed: 6 }, 'bad', '6'],
  ['resets', { resets: 0 }, 'ok', '0'],
  ['rtt_p99_us', { rtt_p99_us: 600_000 }, 'bad', '600 ms'],
  ['rtt_p99_us', { rtt_p99_us: null }, 'none', '–'],
  ['bytes', { bytes: 9e9 }, 'none', '9 GB'],
] as const)('%s of %o is %s: %s', (harm, change, severity, text) => {
  const edge = { ...QUIET, ...change };
  expect(HARM_WORDS[harm].severity(edge)).toBe(severity);
  expect(plain(HARM_WORDS[harm].format(edge))).toBe(text);
});

describe('words', () => {
  test('an edge with its ends and figures', () => {
    expect(plain(edgeWords({ nodes: NODES }, QUIET))).toBe(
      'curl on web-1 → postgres · 0123456789ab on db-1 :443 — 100 connections, 1.5 kB, 0 % lost, 0 failed, 0 reset, RTT p99 1 ms; both ends watched, counted once',
    );
    expect(
      plain(edgeWords({ nodes: NODES }, { ...QUIET, to: 2, both_ends: false, connections: 1, lost_ratio: null, rtt_p99_us: null })),
    ).toBe('curl on web-1 → 203.0.113.0/24 :443 — 1 connection, 1.5 kB, no data sent, 0 failed, 0 reset, no RTT measured');
    expect(nodePlace(network)).toBe('203.0.113.0/24');
    expect(nodePlace(workload('web-1', ''))).toBe('unknown process on web-1');
    expect(nodePlace(workload('web\u202e', '\u0007'))).toBe('\\u0007 on web\\u202e');
  });

  test.each([
    ['host', ['web-1', 'db-1', 'not watched']],
    ['network', ['10.0.0.0/24', '10.0.0.0/24', '203.0.113.0/24']],
    ['label.rack', ['r1', 'without this label', 'not watched']],
  ] as const)('together by %s', (by, names) => {
    expect(NODES.map((node) => clusterOf(node, by))).toEqual(names);
    expect(labelNames({ nodes: NODES })).toEqual(['rack']);
  });
});

test.each([
  [
    'a watched client',
    { from: 0, to: 1 },
    'lost_ratio',
    'host = web-1 and process = curl and service_port = 443',
    { by: 'retransmit_ratio' },
  ],
  [
    'a client that nobody watches',
    { from: 2, to: 1 },
    'bytes',
    'host = db-1 and process = postgres and service_port = 443',
    { by: 'bytes' },
  ],
  [
    'what failed',
    { from: 0, to: 2, failed: 3 },
    'failed',
    'host = web-1 and process = curl and service_port = 443',
    { by: 'last_ms', phase: 'failed' },
  ],
  ['nothing that failed', { from: 0, to: 2 }, 'failed', 'host = web-1 and process = curl and service_port = 443', { by: 'last_ms' }],
] as const)('%s leads to its connections', (_name, change, harm, filter, connections) => {
  expect(edgeLink('', { nodes: NODES }, { ...QUIET, ...change }, { harm, manyHosts: true })).toMatchObject({
    page: 'connections',
    filter,
    connections,
  });
});

test('a workload leads to the map of it alone, a network nowhere', () => {
  expect(nodeLink('', NODES[0] ?? network, true)).toEqual({ filter: 'host = web-1 and process = curl' });
  expect(nodeLink('', NODES[0] ?? network, false)).toEqual({ filter: 'process = curl' });
  expect(nodeLink('', network, true)).toEqual({});
});

describe('the picture', () => {
  const nodes = Array.from({ length: 60 }, (_, at) => workload(`h${at % 4}`, `p${at}`));
  const edges = Array.from({ length: 200 }, (_, at): MapEdge => ({ ...QUIET, from: at % 60, to: (at * 7 + 1) % 60 }));
  const view = { harm: 'lost_ratio', cluster: 'host' } as const;
  const graph = graphOf({ nodes, edges }, view);
  const laid = (known?: Layout['places']) => {
    const layout = new Layout(graph, edges, known);
    while (!layout.run(1000));
    return layout.places;
  };
  const places = laid();
  const scene = sceneOf({ nodes, edges }, view, places);

  test('is the same whenever it is drawn', () => expect(laid()).toEqual(places));

  test('comes to rest in pieces as in one go', () => {
    const layout = new Layout(graph, edges);
    let pieces = 0;
    // A clock on which each look takes longer than there is.
    for (let now = 0; !layout.run(1, () => now++); pieces++);
    expect(pieces).toBeGreaterThan(50);
    expect(layout.places).toEqual(places);
  });

  test('keeps clusters apart, and no two nodes on one spot', () => {
    expect(scene.rings.map(({ name }) => name).toSorted()).toEqual(['h0', 'h1', 'h2', 'h3']);
    const home = (at: number) => scene.rings.toSorted((a, b) => gap(a, scene.dots[at]) - gap(b, scene.dots[at]))[0]?.name;
    const gap = (a: { x: number; y: number }, b = a) => Math.hypot(a.x - b.x, a.y - b.y);
    const kept = nodes.filter(({ host }, at) => home(at) === host);
    expect(kept.length).toBeGreaterThan(0.9 * nodes.length);
    for (const [at, dot] of scene.dots.entries())
      for (const other of scene.dots.slice(at + 1)) expect(gap(dot, other)).toBeGreaterThan(Math.max(dot.radius, other.radius));
  });

  test('moves little when a node comes', () => {
    const more = graphOf({ nodes: [...nodes, workload('h0', 'new')], edges }, view);
    const layout = new Layout(more, edges, places);
    while (!layout.run(1000));
    const moved = graph.map(({ key }) => {
      const [before, after] = [places.get(key), layout.places.get(key)];
      return before && after ? Math.hypot(before.x - after.x, before.y - after.y) : Number.NaN;
    });
    expect(moved.toSorted((a, b) => a - b)[Math.floor(moved.length / 2)]).toBeLessThan(20);
  });

  test('fits its frame, and a pointer on a line finds it', () => {
    const frame = frameOf(scene, 900, 480);
    for (const dot of scene.dots) {
      const { x, y } = onCanvas(frame, dot);
      expect(x > 0 && x < 900 && y > 0 && y < 480).toBe(true);
    }
    const alone = { nodes: NODES, edges: [QUIET] };
    const spots = new Map(graphOf(alone, view).map(({ key }, at) => [key, { x: at * 100, y: 0 }]));
    const drawn = sceneOf(alone, view, spots);
    const at = (x: number, y: number) => pointedAt(drawn, { scale: 1, dx: 0, dy: 0 }, { x, y });
    expect(at(50, 4)).toEqual({ edge: 0, node: null });
    expect(at(50, 40)).toBe(null);
    expect(at(150, 0)).toBe(null);
    expect(at(201, 1)).toEqual({ edge: null, node: 2 });
  });

  test('zooms around the pointer', () => {
    const frame = frameOf(scene, 900, 480);
    const point = { x: 300, y: 100 };
    const under = { x: (point.x - frame.dx) / frame.scale, y: (point.y - frame.dy) / frame.scale };
    const after = onCanvas(zoomed(frame, 2, point), under);
    expect(after.x).toBeCloseTo(point.x);
    expect(after.y).toBeCloseTo(point.y);
  });

  test('is wider where more is said', () => {
    expect([0, 1e3, 1e6, 1e9, 1e15].map(widthOf)).toEqual([0, 1e3, 1e6, 1e9, 1e15].map(widthOf).toSorted((a, b) => a - b));
    expect(widthOf(1e15)).toBe(8);
  });
});
