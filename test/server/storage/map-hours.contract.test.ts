// The map of a long range: its edges are those of its hours and of the rows since, added up; also where rows of an hour come late.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkloadMap } from '../../../server/api/map.ts';
import type { Engine } from '../../../server/storage/engine.ts';
import { MapHours } from '../../../server/storage/map-hours.ts';
import { published } from '../../../server/storage/published.ts';
import { workloadMap } from '../../../server/storage/queries/workload-map.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { tries } from '../../support/tries.ts';
import { anyTalks, edgesOf, rowsOf, type Talk } from './any-talk.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { ago, NOW_MS } from './hand-made-rows.ts';

const HOUR_MS = 3_600_000;
const ASKED = { harm: 'bytes', limit: 1000 } as const;
/** Two hours that are over, and the last minutes. */
const TIMES_NS = [5, 3]
  .map((hours) => BigInt(Math.floor(NOW_MS / HOUR_MS) * HOUR_MS - hours * HOUR_MS + 600_000) * 1_000_000n)
  .concat(ago(100));
let hosts = 9000n;

describe.each(BACKENDS)('map of hours on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip === undefined) fixture = await open();
  });
  afterAll(async () => fixture?.close());

  /** Three hosts of their own for each world; each part in a time of its own. */
  async function asked(parts: readonly Talk[][], and = '') {
    const first = hosts;
    hosts += 3n;
    for (const [at, talks] of parts.entries())
      for (const [kind, rows] of Object.entries(rowsOf(talks, first, TIMES_NS[at] ?? 0n))) {
        const bytes = rows.map((row) => rowBytes(kind as 'sample', row));
        const batch = { epoch: String(first).padStart(16, '0'), sequence: at + 1 };
        // Whoever sends rows again changes nothing.
        if (bytes.length > 0) for (const _ of [1, 2]) await fixture.put(kind as 'sample', bytes, batch);
      }
    await fixture.store.upkeep.makeMinutes(NOW_MS);
    await fixture.store.upkeep.refresh(NOW_MS);
    const filter = filterOf(`host in (${first}, ${first + 1n}, ${first + 2n})${and}`);
    const range = { from: NOW_MS - 6 * HOUR_MS, to: NOW_MS, filter };
    return { first, map: await workloadMap({ store: fixture.store, labels: () => new Map() }, range, ASKED, NOW_MS) };
  }

  /** Builds all hours again, by statements of so few rows each. @returns their edges before and after, and how many statements filled each table */
  async function rebuilt(rows_a_statement: number) {
    // A store has its engine's methods, which others have no use for.
    const engine = fixture.store as unknown as Engine;
    const hours = () => published(engine, 'map', 0, 2 ** 32 - 1);
    const range = { from: NOW_MS - 6 * HOUR_MS, to: NOW_MS };
    const edges = async () => {
      const { nodes, edges: found } = await workloadMap({ store: fixture.store, labels: () => new Map() }, range, ASKED, NOW_MS);
      return found.map((edge) => ({ ...edge, from: nodes[edge.from], to: nodes[edge.to] }));
    };
    const before = await edges();
    const grown = (await hours()).map(({ start_s, rolled_rows }) => ({ start_s, rolled_rows: rolled_rows + 1 }));
    const into: string[] = [];
    const told: Engine = {
      ...engine,
      async fill(filling, asker) {
        into.push(filling.into.split(' ')[0] ?? '');
        await engine.fill(filling, asker);
      },
    };
    await new MapHours(told, rows_a_statement).refresh(grown, NOW_MS);
    const left = await Promise.all(['map_sliced_end', 'map_between'].map((table) => engine.query(`SELECT count() AS n FROM ${table}`)));
    expect(left.flat()).toEqual([{ n: 0 }, { n: 0 }]);
    return { before, after: await edges(), fills: (table: string) => into.filter((one) => one === table).length };
  }

  const nameOf = ({ nodes }: WorkloadMap, at: number) => {
    const node = nodes[at];
    return node?.host_id === null ? node.network : `${node?.host_id} ${node?.comm}`;
  };
  const inOrder = <Edge extends { edge: string }>(edges: Edge[]) => edges.toSorted((a, b) => a.edge.localeCompare(b.edge));

  /** Of hours that are over only what ended in them is a connection. */
  function expected(parts: readonly Talk[][], first: bigint) {
    const each = parts.flatMap((talks, at) =>
      edgesOf(talks, first).map(({ open, ...one }) => ({ ...one, connections: one.connections - (at < parts.length - 1 ? open : 0) })),
    );
    return [...Map.groupBy(each, ({ edge }) => edge)].map(([edge, some]) => {
      const sum = (name: 'connections' | 'failed' | 'resets' | 'bytes' | 'data_segs_out') => some.reduce((all, one) => all + one[name], 0);
      const only = some.length === 1 ? some[0] : undefined;
      return {
        edge,
        both_ends: some.some(({ both_ends }) => both_ends),
        connections: sum('connections'),
        failed: sum('failed'),
        resets: sum('resets'),
        bytes: sum('bytes'),
        data_segs_out: sum('data_segs_out'),
        only,
      };
    });
  }

  test('each edge adds up over hours and rows', async (context) => {
    context.skip(skip !== undefined, skip);
    await fc.assert(
      fc.asyncProperty(fc.tuple(anyTalks, anyTalks, anyTalks), async (parts) => {
        const { first, map } = await asked(parts);
        const found = inOrder(
          map.edges.map(({ from, to, port, ...rest }) => ({ edge: `${nameOf(map, from)} → ${nameOf(map, to)} :${port}`, ...rest })),
        );
        const wanted = inOrder(expected(parts, first));
        expect(found.map(({ lost_ratio: _, rtt_p99_us: __, ...rest }) => rest)).toEqual(wanted.map(({ only: _, ...rest }) => rest));
        expect(map.total).toBe(wanted.length);
        for (const [at, { only, edge }] of wanted.entries()) {
          if (only === undefined) continue;
          if (only.lost_ratio === null) expect(found[at]?.lost_ratio).toBe(null);
          else expect(found[at]?.lost_ratio, edge).toBeCloseTo(only.lost_ratio, 5);
          // Which of few measurements is the 99th hundredth is not said alike, but there is one of both or of neither.
          expect(found[at]?.rtt_p99_us === null, edge).toBe(only.rtt_p99_us === null);
        }
      }),
      tries(5),
    );
  });

  const quiet = { data_segs_out: 200, retrans_data: 9, retrans_spurious: 0, bytes_sent: 10, bytes_received: 5, srtt_us: 100_000 };
  const one = (port: number, server: string, client_port = 40_000): Talk => ({
    way: 'routed',
    client_host: 0,
    server_host: 1,
    watched: 'both',
    client_port,
    port,
    fate: 'reset',
    client: { comm: 'curl', samples: [quiet] },
    server: { comm: server, samples: [quiet] },
  });

  test('of what fits the filter at one end the other is named too, and an RTT is within its bucket', async (context) => {
    context.skip(skip !== undefined, skip);
    const { map } = await asked(
      [[one(80, 'nginx'), one(5432, 'postgres')], [one(5432, 'postgres', 40_001)], []],
      ' and process = postgres',
    );
    expect(map.edges).toMatchObject([
      { port: 5432, both_ends: true, connections: 2, resets: 2, bytes: 30, data_segs_out: 800, lost_ratio: 0.045 },
    ]);
    expect(map.nodes.map(({ comm }) => comm)).toEqual(['curl', 'postgres']);
    expect(map.edges[0]?.rtt_p99_us).toBeGreaterThan(95_000);
    expect(map.edges[0]?.rtt_p99_us).toBeLessThan(105_000);
  });

  test('an hour whose rows no statement can take alone has the same edges, and leaves nothing behind', async (context) => {
    context.skip(skip !== undefined, skip);
    for (const parts of fc.sample(fc.tuple(anyTalks, anyTalks), tries(4).numRuns)) await asked(parts);
    for (const rows_a_statement of [100, 40, 7]) {
      const { before, after } = await rebuilt(rows_a_statement);
      expect(before.length).toBeGreaterThan(0);
      expect(after).toEqual(before);
    }
  });

  test('an hour that is nearly all of one service is matched by slices, and what failed there is known by the rest', async (context) => {
    context.skip(skip !== undefined, skip);
    const ports = Array.from({ length: 200 }, (_, index) => 40_000 + index);
    // Of all these only one was seen at both ends: the others are to be taken for the same service's.
    const talks = ports.map(
      (port, index): Talk => (index === 30 ? one(443, 'nginx', port) : { ...one(443, '', port), fate: 'failed', watched: 'client' }),
    );
    const { first } = await asked([talks, []]);
    const { before, after, fills } = await rebuilt(20);
    expect(after).toEqual(before);
    expect(fills('map_between')).toBeGreaterThan(3);
    const own = after.filter(({ from }) => from?.host_id === String(first));
    expect(own).toMatchObject([{ to: { comm: 'nginx' }, both_ends: true, connections: 200, failed: 199 }]);
  });
});
