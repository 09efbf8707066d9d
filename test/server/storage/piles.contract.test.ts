// What piles up, on random rows: the engine's answer is that of a plain look at each connection and each moment.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PILE_SORTS } from '../../../server/api/piles.ts';
import { piles } from '../../../server/storage/queries/piles.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { tries } from '../../support/tries.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { NOW_MS } from './hand-made-rows.ts';
import { anyWorld, Naive, RANGE_MS, rowOf, since, type World } from './naive-piles.ts';
import { report } from './report.ts';

const FROM_MS = NOW_MS - RANGE_MS;
const ASKED = { sort: 'connections', limit: 100 } as const;
const STEP_MS = 1000;
const SAMPLED = ['syn_sent', 'syn_recv', 'fin_wait1', 'fin_wait2', 'close_wait', 'last_ack', 'closing'] as const;
const COUNTED = ['curr_estab', 'time_wait', 'orphans'] as const;
let hosts = 0;

describe.each(BACKENDS)('piles on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip === undefined) fixture = await open();
  });
  afterAll(async () => fixture?.close());

  /** A host of its own for each world. */
  async function asked(world: World, filter = '') {
    const host = BigInt(++hosts);
    const rows = world.told.map((row) => rowOf(row, host));
    for (const kind of ['connection', 'sample'] as const) {
      const bytes = rows.filter(([of]) => of === kind).map(([, values]) => rowBytes(kind, values));
      // Whoever sends rows again changes nothing.
      if (bytes.length > 0) for (const sequence of [1, 1]) await fixture.put(kind, bytes, { epoch: `${host}`.padStart(16, '0'), sequence });
    }
    const counted = world.counted.map(({ at_ms, ...row }) =>
      rowBytes('namespace', { host_id: host, time_ns: BigInt(at_ms) * 1_000_000n, ...row }),
    );
    if (counted.length > 0) await fixture.put('namespace', counted);
    const of = { host_id: host.toString(16).padStart(16, '0'), host: { ...report({}).host, name: `h${host}` }, netns: [], processes: [] };
    for (const at_ms of world.reports_ms) await fixture.store.insertReports([report({ ...of, at_ms, accounting: [] } as never)]);
    const range = { from: FROM_MS, to: NOW_MS, filter: filterOf(`host = ${host}${filter}`) };
    return piles(fixture.store, range, ASKED, NOW_MS);
  }

  test('each figure is what a look at each connection and moment gives', async (context) => {
    context.skip(skip !== undefined, skip);
    await fc.assert(
      fc.asyncProperty(anyWorld, async (drawn) => {
        const world = since(drawn, NOW_MS);
        const naive = new Naive(world, FROM_MS, NOW_MS);
        const found = await asked(world);
        const byName = (a: object, b: object) => JSON.stringify(a).localeCompare(JSON.stringify(b));
        expect(
          found.piles
            .map(({ host_id: _, host: __, container: ___, ...pile }) => pile)
            .toSorted((a, b) => (a.comm + a.state).localeCompare(b.comm + b.state)),
        ).toEqual(naive.piles().toSorted((a, b) => (a.comm + a.state).localeCompare(b.comm + b.state)));
        expect(
          found.closers
            .map(({ comm, role, peer_addr, port, closed_first, peer_first, last_minute }) => ({
              key: [comm, role, peer_addr, port].join('/'),
              closed_first,
              peer_first,
              last_minute,
            }))
            .toSorted(byName),
        ).toEqual(naive.closers().toSorted(byName));
        expect(
          found.ports
            .map(({ netns, peer_addr, used, used_before, failed, failed_bound, range, failed_last_ms }) => ({
              key: [netns, peer_addr].join('/'),
              used,
              used_before,
              failed,
              failed_bound,
              range,
              failed_last_ms,
            }))
            .toSorted(byName),
        ).toEqual(naive.ports(found.trend_from_ms).toSorted(byName));
        for (const [at, start_s] of found.series.time_s.entries()) {
          const end_ms = start_s * 1000 + STEP_MS - 1;
          const watched = world.reports_ms.some((ms) => Math.abs(Math.floor(ms / 1000) - start_s) <= 15);
          for (const name of SAMPLED) expect(found.series[name][at], `${name} ${at}`).toBe(watched ? naive.population(name, end_ms) : null);
          for (const name of COUNTED) expect(found.series[name][at], `${name} ${at}`).toBe(watched ? naive.counted(name, end_ms) : null);
        }
      }),
      tries(15),
    );
  });

  const leak: World = {
    told: [1, 4, 7].map((id) => ({
      id,
      at_ms: NOW_MS - 20_000 - id,
      comm: 'leaky',
      kind: 'sample',
      state: 'close_wait',
      stayed_ms: id * 10_000,
      idle_ms: 5000,
      unread: 10,
    })),
    counted: [{ at_ms: NOW_MS - 9000, netns: 1, curr_estab: 3, time_wait: 5, orphans: 2, port_range: 0 }],
    reports_ms: [NOW_MS - 10_000],
  };

  test('a leak: how many, since when, and that nothing moves', async (context) => {
    context.skip(skip !== undefined, skip);
    const found = await asked(leak);
    expect(found).toMatchObject({
      from_ms: FROM_MS,
      to_ms: NOW_MS,
      step_s: 1,
      piles_total: 1,
      closers_total: 0,
      rows_read: expect.any(Number),
    });
    expect(found.piles).toEqual([
      {
        host_id: String(hosts),
        host: `h${hosts}`,
        comm: 'leaky',
        container: '',
        state: 'close_wait',
        role: 'client',
        port: 443,
        connections: 3,
        before: 0,
        oldest_us: 90_007_000,
        median_us: 60_004_000,
        quiet_us: 25_001_000,
        unread: 30,
      },
    ]);
  });

  test('of one process the kernel counts nothing, and says so', async (context) => {
    context.skip(skip !== undefined, skip);
    const { series } = await asked(leak, ' and process = leaky');
    expect(series.close_wait.at(-1)).toBe(3);
    for (const name of COUNTED) expect(series[name].every((value) => value === null)).toBe(true);
  });

  test('by any order, one state, and no more than asked for', async (context) => {
    context.skip(skip !== undefined, skip);
    const told = [...leak.told, { ...leak.told[0], id: 2, comm: 'other', state: 'fin_wait2', stayed_ms: 150_000 }] as World['told'];
    await asked({ ...leak, told });
    const range = { from: FROM_MS, to: NOW_MS, filter: filterOf(`host = ${hosts}`) };
    const first = async (change: Partial<Parameters<typeof piles>[2]>) => {
      const { piles: found, piles_total } = await piles(fixture.store, range, { ...ASKED, ...change }, NOW_MS);
      return [piles_total, ...found.map(({ comm }) => comm)];
    };
    expect(await first({})).toEqual([2, 'leaky', 'other']);
    expect(await first({ limit: 1 })).toEqual([2, 'leaky']);
    expect(await first({ state: 'fin_wait2' })).toEqual([1, 'other']);
    for (const sort of PILE_SORTS)
      expect(await first({ sort })).toEqual(sort.endsWith('_us') ? [2, 'other', 'leaky'] : [2, 'leaky', 'other']);
  });

  test('a range of too many rows is refused, and how to narrow it is said', async (context) => {
    context.skip(skip !== undefined, skip);
    await asked(leak);
    const range = { from: FROM_MS, to: NOW_MS, filter: filterOf(`host = ${hosts}`) };
    await expect(piles(fixture.store, range, { ...ASKED, rows_max: 2 }, NOW_MS)).rejects.toMatchObject({
      code: 'range_too_wide',
      message: expect.stringMatching(/\d rows.*shorter range or one host/),
    });
  });
});
