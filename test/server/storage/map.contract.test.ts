// The map, of random connections between hosts: its edges are what is true of them, whichever ends were watched.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAP_HARMS, type MapEdge, type WorkloadMap } from '../../../server/api/map.ts';
import { workloadMap } from '../../../server/storage/queries/workload-map.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { tries } from '../../support/tries.ts';
import { anyTalks, edgesOf, rowsOf, type Talk } from './any-talk.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { ago, NOW_MS } from './hand-made-rows.ts';
import { report } from './report.ts';

const ASKED = { harm: 'bytes', limit: 1000 } as const;
let hosts = 1n;

describe.each(BACKENDS)('map on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip === undefined) fixture = await open();
  });
  afterAll(async () => fixture?.close());

  /** Three hosts of their own for each world. */
  async function stored(talks: readonly Talk[]): Promise<bigint> {
    const first = hosts;
    hosts += 3n;
    for (const [kind, rows] of Object.entries(rowsOf(talks, first, ago(100)))) {
      const bytes = rows.map((row) => rowBytes(kind as 'sample', row));
      // Whoever sends rows again changes nothing.
      if (bytes.length > 0)
        for (const sequence of [1, 1]) await fixture.put(kind as 'sample', bytes, { epoch: String(first).padStart(16, '0'), sequence });
    }
    return first;
  }
  const asked = (first: bigint, change: Partial<Parameters<typeof workloadMap>[2]> = {}, and = '') => {
    const filter = filterOf(`host in (${first}, ${first + 1n}, ${first + 2n})${and}`);
    const labels = () => new Map([[String(first), { rack: 'r1' }]]);
    return workloadMap({ store: fixture.store, labels }, { filter }, { ...ASKED, ...change }, NOW_MS);
  };
  const nameOf = ({ nodes }: WorkloadMap, at: number) => {
    const node = nodes[at];
    return node?.host_id === null ? node.network : `${node?.host_id} ${node?.comm}`;
  };
  const told = (map: WorkloadMap) =>
    map.edges.map(({ from, to, port, ...figures }: MapEdge) => ({
      edge: `${nameOf(map, from)} → ${nameOf(map, to)} :${port}`,
      ...figures,
    }));
  const inOrder = <Edge extends { edge: string }>(edges: Edge[]) => edges.toSorted((a, b) => a.edge.localeCompare(b.edge));

  test('each edge has what is true of its connections, seen from one end or both', async (context) => {
    context.skip(skip !== undefined, skip);
    await fc.assert(
      fc.asyncProperty(anyTalks, async (talks) => {
        const first = await stored(talks);
        const map = await asked(first);
        const [found, expected] = [inOrder(told(map)), inOrder(edgesOf(talks, first))];
        expect(found.map(({ lost_ratio: _, rtt_p99_us: __, ...rest }) => rest)).toEqual(
          expected.map(({ lost_ratio: _, rtt_p99_us: __, open: ___, ...rest }) => rest),
        );
        for (const [at, { lost_ratio, rtt_p99_us, edge }] of expected.entries()) {
          for (const [name, value] of Object.entries({ lost_ratio, rtt_p99_us })) {
            const actual = found[at]?.[name as 'lost_ratio'];
            if (value === null) expect(actual, `${name} of ${edge}`).toBe(null);
            else expect(actual, `${name} of ${edge}`).toBeCloseTo(value, 5);
          }
        }
        expect(map.total).toBe(expected.length);
      }),
      tries(15),
    );
  });

  const quiet = { data_segs_out: 200, retrans_data: 0, retrans_spurious: 0, bytes_sent: 10, bytes_received: 5, srtt_us: 100 };
  const one = (change: Partial<Talk>): Talk => ({
    way: 'routed',
    client_host: 0,
    server_host: 1,
    watched: 'both',
    client_port: 40_000,
    port: 80,
    fate: 'open',
    client: { comm: 'curl', samples: [quiet] },
    server: { comm: 'nginx', samples: [quiet] },
    ...change,
  });

  test('by each harm, the worst first; a node once, with its labels; no more than asked for', async (context) => {
    context.skip(skip !== undefined, skip);
    const talks = [
      one({}),
      one({ client_port: 40_001, port: 81, fate: 'reset' }),
      one({ client_port: 40_002, port: 82, watched: 'client', fate: 'failed' }),
      one({ port: 83, server: { comm: 'nginx', samples: [{ ...quiet, retrans_data: 9 }] } }),
      one({ port: 84, client: { comm: 'curl', samples: [{ ...quiet, srtt_us: 500_000 }] } }),
      one({ port: 85, client: { comm: 'curl', samples: [{ ...quiet, bytes_sent: 9999 }] } }),
    ];
    const first = await stored(talks);
    await fixture.store.insertReports([report({ host_id: first.toString(16).padStart(16, '0'), at_ms: NOW_MS - 1000 })]);
    const worst = { lost_ratio: 83, failed: 82, resets: 81, rtt_p99_us: 84, bytes: 85 };
    for (const harm of MAP_HARMS) expect((await asked(first, { harm })).edges[0]?.port, harm).toBe(worst[harm]);
    const map = await asked(first, { limit: 2 });
    expect([map.edges.length, map.total]).toEqual([2, 6]);
    expect((await asked(first)).nodes.filter(({ comm }) => comm === 'curl')).toEqual([
      {
        host_id: String(first),
        host: 'alpha',
        comm: 'curl',
        container: '',
        network: `10.${first >> 8n}.${first & 255n}.0/24`,
        labels: { rack: 'r1' },
      },
    ]);
    expect(map.completeness).toBeCloseTo(0.94, 6);
  });

  test('of what fits the filter at one end, the other is named too', async (context) => {
    context.skip(skip !== undefined, skip);
    const first = await stored([one({}), one({ port: 5432, server: { comm: 'postgres', samples: [quiet] } })]);
    expect(told(await asked(first, {}, ' and process = postgres'))).toEqual([
      expect.objectContaining({ edge: `${first} curl → ${first + 1n} postgres :5432`, both_ends: true, connections: 1, bytes: 15 }),
    ]);
  });

  test('a range of too many rows is refused', async (context) => {
    context.skip(skip !== undefined, skip);
    const first = await stored([one({}), one({ port: 81 })]);
    await expect(asked(first, { rows_max: 1 })).rejects.toMatchObject({ code: 'range_too_wide' });
  });
});
