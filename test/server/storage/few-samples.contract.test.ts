// Figures of little evidence: ratios of a few segments come last, and rates are of the time that somebody watched.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edges } from '../../../server/storage/queries/edges.ts';
import { overview } from '../../../server/storage/queries/overview.ts';
import { retransmits } from '../../../server/storage/queries/retransmits.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { ago, NOW_MS } from './hand-made-rows.ts';
import { report } from './report.ts';

/** Port → data segments sent, and how many of them were lost. */
const SENT = { 1001: [2, 1], 1002: [100, 5], 1003: [10_000, 10], 1004: [99, 99], 1005: [0, 0] } as const;
const CLIENT = {
  host_id: 1n,
  comm: 'curl',
  role: 1,
  owner: 1,
  local_addr: '10.0.0.1',
  peer_addr: '10.0.0.2',
  local_port: 40_000,
  state: 1,
};
const MINUTES = 60_000;

describe.each(BACKENDS)('few samples on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    const ports = Object.entries(SENT).map(([port, [data_segs_out, retrans_data]], at) => ({
      ...CLIENT,
      connection_id: BigInt(at + 1),
      peer_port: Number(port),
      time_ns: ago(100 + at),
      data_segs_out,
      retrans_data,
      retrans: retrans_data,
    }));
    await fixture.put(
      'sample',
      ports.map((row) => rowBytes('sample', row)),
    );
    await fixture.put(
      'connection',
      ports.map(({ data_segs_out: _sent, retrans_data: _lost, retrans: _all, ...row }) => rowBytes('connection', { ...row, event: 0 })),
    );
    await fixture.put(
      'retransmit',
      Array.from({ length: 30 }, (_, at) =>
        rowBytes('retransmit', { ...CLIENT, connection_id: 9n, peer_port: 1001, time_ns: ago(90) + BigInt(at), segments: 1, class: 1 }),
      ),
    );
    // The agent was there for the last five minutes only.
    for (let second = 5 * 60; second >= 0; second -= 10)
      await fixture.store.insertReports([report({ host_id: '0000000000000001', at_ms: NOW_MS - second * 1000, accounting: [] })]);
  });
  afterAll(async () => fixture?.close());
  const check = (name: string, run: (store: Fixture['store']) => Promise<void>) =>
    test(name, async (context) => {
      context.skip(skip !== undefined, skip);
      await run(fixture.store);
    });

  check('edges by ratio: those of too few segments come behind all others', async (store) => {
    const found = await edges(store, {}, { sort: 'retransmit_ratio', limit: 9 }, NOW_MS);
    expect(found.edges.map(({ port }) => port)).toEqual([1002, 1003, 1004, 1001, 1005]);
  });

  check('rates are of the time that somebody watched', async (store) => {
    const range = { from: NOW_MS - 60 * MINUTES, to: NOW_MS };
    const { tiles, watched_s } = await overview(store, range, NOW_MS);
    // Steps are 30 s; the first report tells of the step before it, too.
    expect(watched_s).toBe(5 * 60 + 30);
    expect(tiles.connections_per_s).toBe(5 / watched_s);
    const found = await edges(store, range, { sort: 'retrans', limit: 9 }, NOW_MS);
    expect(found.edges.reduce((sum, edge) => sum + edge.connections_per_s, 0)).toBeCloseTo(5 / watched_s, 10);
  });

  check('where nobody ever watched, a rate is of the whole range', async (store) => {
    const range = { from: NOW_MS - 60 * MINUTES, to: NOW_MS - 30 * MINUTES };
    const { tiles, watched_s } = await overview(store, range, NOW_MS);
    expect([tiles.connections_per_s, watched_s]).toEqual([null, 0]);
  });

  check('retransmits: how many there are, beside those that are told', async (store) => {
    const { retransmits: found, total } = await retransmits(store, {}, 7, NOW_MS);
    expect([found.length, total]).toEqual([7, 30]);
  });
});
