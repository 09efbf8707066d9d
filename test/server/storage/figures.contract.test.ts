// Figures beside a plain walk over the rows that they are made of, on every back end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edges } from '../../../server/storage/queries/edges.ts';
import { overview } from '../../../server/storage/queries/overview.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';

const NOW_MS = Math.floor(Date.now() / 60_000) * 60_000;
const ago = (seconds: number) => BigInt(NOW_MS - seconds * 1000) * 1_000_000n;
const HEAD = { host_id: 1, comm: 'app', role: 1, local_addr: '10.0.0.1', peer_addr: '192.0.2.1', peer_port: 5432, state: 1 };

/** The same numbers in every run, 0 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

type Sent = { ago_s: number; data_segs_out: number; retrans_data: number; retrans_spurious: number; probes: number };

/** Half an hour of connections that are sampled every 10 s and end; loss comes in bursts, and is known to be needless later. */
function traffic(): Sent[] {
  const next = numbers(7);
  const whole = (most: number) => Math.floor(next() * most);
  return Array.from({ length: 12 }, () => {
    const first_s = 1800 - whole(1200);
    return Array.from({ length: 1 + whole(90) }, (_, at) => {
      const retrans_data = next() < 0.2 ? whole(60) : 0;
      const retrans_spurious = next() < 0.3 ? whole(20) : 0;
      const probes = next() < 0.3 ? whole(15) : 0;
      return { ago_s: first_s - 10 * at, data_segs_out: retrans_data + whole(100), retrans_data, retrans_spurious, probes };
    }).filter(({ ago_s }) => ago_s > 0);
  }).flat();
}

const TRAFFIC = traffic();
const SAMPLES = TRAFFIC.filter((_, at) => at % 7 !== 0);
const ENDS = TRAFFIC.filter((_, at) => at % 7 === 0);

/** What was lost of what was sent, by rows of [from_s, to_s) ago. */
function naive(from_s: number, to_s: number): number | null {
  const rows = TRAFFIC.filter(({ ago_s }) => ago_s <= from_s && ago_s > to_s);
  const total = (of: (row: Sent) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  const sent = total((row) => row.data_segs_out);
  // A DSACK may be a probe's. An end does not say how many probes there were since the last sample.
  const needless = (row: Sent) =>
    ENDS.includes(row) ? Math.min(row.retrans_spurious, row.retrans_data) : Math.max(0, row.retrans_spurious - row.probes);
  return sent === 0 ? null : Math.max(0, total((row) => row.retrans_data) - total(needless)) / sent;
}

const SECOND_US = 1_000_000;
const waits = (port: number, own: RowValues) => ({ ...HEAD, peer_port: port, time_ns: ago(65), interval_us: 10 * SECOND_US, ...own });
const end = (port: number, own: RowValues) => ({ ...HEAD, peer_port: port, time_ns: ago(61), event: 1, ...own });

async function fill({ put }: Fixture): Promise<void> {
  await put(
    'sample',
    SAMPLES.map(({ ago_s, probes, ...sent }, id) =>
      rowBytes('sample', { ...HEAD, time_ns: ago(ago_s), connection_id: id, retrans: sent.retrans_data + probes, ...sent }),
    ),
  );
  await put('connection', [
    ...ENDS.map(({ ago_s, data_segs_out, retrans_data, retrans_spurious }, id) =>
      rowBytes('connection', {
        ...end(5432, { time_ns: ago(ago_s), connection_id: 1000 + id }),
        data_segs_out_rest: data_segs_out,
        retrans_data_rest: retrans_data,
        retrans_spurious_rest: retrans_spurious,
        // of the whole life, which samples have told
        retrans_data: 100 * retrans_data,
        retrans_spurious: 100 * retrans_spurious,
      }),
    ),
    rowBytes('connection', end(1001, { turn_max_us: 5 * SECOND_US, stall_max_us: 7000 })),
    rowBytes('connection', end(1002, { busy_us_rest: 4000, rwnd_limited_us_rest: 4000, interval_us_rest: 4000 })),
    rowBytes(
      'connection',
      end(1003, { busy_us_rest: 300_000, rwnd_limited_us_rest: 300_000, interval_us_rest: 300_000, rtt_min_us: 40_000 }),
    ),
    rowBytes(
      'connection',
      end(1004, { busy_us_rest: 300_000, rwnd_limited_us_rest: 270_000, interval_us_rest: 300_000, rtt_min_us: 1000 }),
    ),
  ]);
  await put('sample', [
    rowBytes('sample', waits(1001, { time_ns: ago(130), turn_max_us: 4 * SECOND_US, stall_max_us: 150_000 })),
    rowBytes('sample', waits(1001, { turn_max_us: 3 * SECOND_US, stall_max_us: 140_000 })),
    rowBytes('sample', waits(1005, { turn_max_us: 6 * SECOND_US, stall_max_us: 10 })),
  ]);
  const packets = [0, 0, 1, 2, 2, 2, 3].map((meaning) => rowBytes('drop', { ...HEAD, time_ns: ago(90), meaning, reason: 'a' }));
  await put('drop', packets);
  const listening = { ...HEAD, role: 2, state: 10, local_port: 80, connection_id: 9 };
  await put('listener', [
    rowBytes('listener', { ...listening, time_ns: ago(70), overflows: 15, drops: 54 }),
    rowBytes('listener', { ...listening, time_ns: ago(80), overflows: 0, drops: 70 }),
  ]);
}

describe.each(BACKENDS)('figures on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    await fill(fixture);
  });
  afterAll(async () => fixture?.close());
  const check = (name: string, run: (store: Fixture['store']) => Promise<void>) =>
    test(name, async (context) => {
      context.skip(skip !== undefined, skip);
      await run(fixture.store);
    });

  check('the retransmit ratio of any range is what its rows say, also through the rollup', async (store) => {
    const next = numbers(11);
    for (let round = 0; round < 8; round++) {
      const from_s = 60 * Math.ceil(2 + next() * 27);
      const to_s = 60 * Math.floor((next() * from_s) / 60);
      const { tiles, from_ms } = await overview(
        store,
        { from: NOW_MS - from_s * 1000, to: NOW_MS - to_s * 1000, filter: filterOf('service_port = 5432') },
        NOW_MS,
      );
      expect([from_s, to_s, tiles.retransmit_ratio]).toEqual([from_s, to_s, naive((NOW_MS - from_ms) / 1000, to_s)]);
    }
    const { source, tiles } = await overview(store, { from: NOW_MS - 4 * 3_600_000, filter: filterOf('service_port = 5432') }, NOW_MS);
    expect([source, tiles.retransmit_ratio]).toEqual(['rollup_1m', naive(1801, 0)]);
    const found = await edges(store, { filter: filterOf('service_port = 5432') }, { sort: 'retransmit_ratio', limit: 1 }, NOW_MS);
    expect(found.edges[0]?.retransmit_ratio).toBe(naive(900, 0));
  });

  check('each step’s ratio is that of its rows and those of a sweep before it: no step says more than the rows do', async (store) => {
    const { series, step_s } = await overview(store, { filter: filterOf('service_port = 5432') }, NOW_MS);
    expect(step_s).toBe(5);
    const first_s = series.time_s[0] ?? 0;
    const expected = series.time_s.map((time_s) => {
      const start_s = NOW_MS / 1000 - time_s;
      return naive(Math.min(start_s + 10, NOW_MS / 1000 - first_s), start_s - step_s);
    });
    expect(series.retransmit_ratio).toEqual(expected);
  });

  check(
    'the longest turn and stall of an edge are its rows’ largest, from rows and from the rollup, and are found by sort',
    async (store) => {
      for (const range of [{}, { from: NOW_MS - 4 * 3_600_000 }]) {
        const by = async (sort: 'turn_max_us' | 'stall_max_us') => (await edges(store, range, { sort, limit: 1 }, NOW_MS)).edges[0];
        expect(await by('turn_max_us')).toMatchObject({ port: 1005, turn_max_us: 6 * SECOND_US, stall_max_us: 10 });
        expect(await by('stall_max_us')).toMatchObject({ port: 1001, turn_max_us: 5 * SECOND_US, stall_max_us: 150_000 });
      }
    },
  );

  check('limits are shares of times that are long enough: at least 200 ms and ten round trips', async (store) => {
    for (const range of [{}, { from: NOW_MS - 4 * 3_600_000 }]) {
      const limitsOf = async (port: number) =>
        (await edges(store, { ...range, filter: filterOf(`service_port = ${port}`) }, { sort: 'bytes', limit: 1 }, NOW_MS)).edges[0]
          ?.limits;
      const none = { application: 0, network: 0, receiver: 0, sender: 0 };
      expect(await limitsOf(1002)).toMatchObject(none);
      expect(await limitsOf(1003)).toMatchObject(none);
      expect(await limitsOf(1004)).toMatchObject({ ...none, network: 0.1, receiver: 0.9 });
    }
  });

  check('only what is missing was dropped, and only a full accept queue overflows', async (store) => {
    for (const range of [{}, { from: NOW_MS - 4 * 3_600_000 }]) {
      expect((await overview(store, range, NOW_MS)).tiles.dropped).toBe(2);
      expect((await overview(store, { ...range, filter: filterOf('service_port = 80') }, NOW_MS)).tiles.accept_overflows).toBe(15);
    }
  });
});
