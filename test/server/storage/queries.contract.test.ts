// Each query's figures on rows made by hand, on every back end. What is expected was worked out on paper.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { edges } from '../../../server/storage/queries/edges.ts';
import { hosts } from '../../../server/storage/queries/hosts.ts';
import { overview } from '../../../server/storage/queries/overview.ts';
import { retransmitFromRow, retransmits } from '../../../server/storage/queries/retransmits.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { ALPHA, ago, fast, fill, NOW_MS } from './hand-made-rows.ts';
import { report, toldOf } from './report.ts';

const BY_NAME = { limit: 9, sort: 'name' } as const;
/** Agents reported 50 s before the end and at it: each report tells of 15 s before and after it, in steps of 5 s. */
const WATCHED_S = { alpha: 35, all: 50 };
const FOUR_HOURS = { from: NOW_MS - 4 * 3_600_000, to: NOW_MS };

describe.each(BACKENDS)('queries on $name', ({ skip, open }) => {
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

  check('overview: tiles of 15 minutes, from rows', async (store) => {
    const { tiles, source, step_s, from_ms, to_ms } = await overview(store, {}, NOW_MS);
    expect({ source, step_s, from_ms, to_ms }).toEqual({ source: 'rows', step_s: 5, from_ms: NOW_MS - 900_000, to_ms: NOW_MS });
    expect(tiles).toEqual({
      connections_per_s: 2 / WATCHED_S.all,
      retransmit_ratio: 2 / 60,
      data_segs_out: 60,
      resent: { data: 4, spurious: 2, probes: 0, fins: 1, syns: 1 },
      rtt_p50_us: 2000,
      rtt_p99_us: 2980,
      attempts: 3,
      syn_ratio: 1,
      failed_ratio: 1 / 2,
      failed: 1,
      resets_per_s: 1 / WATCHED_S.all,
      rsts_per_s: 3 / WATCHED_S.all,
      accept_overflows: 5,
      dropped: 3,
      unattributed: 3,
      completeness: 104 / 112,
      incomplete: [{ kind: 'sample', completeness: 104 / 112, withheld: 2 / 112 }],
      latest: {
        connections_per_s: 0,
        retransmit_ratio: null,
        rtt_p50_us: null,
        rtt_p99_us: null,
        syns_resent_per_s: 0,
        failed_per_s: 0,
        resets_per_s: 0,
        accept_overflows: 0,
      },
    });
    // Up to a moment: the last step that is over by then, beside the range's average.
    const until = await overview(store, { from: NOW_MS - 900_000, to: NOW_MS - 30_000 }, NOW_MS);
    expect(until.tiles).toMatchObject({ resets_per_s: 1 / WATCHED_S.alpha, latest: { connections_per_s: 0, resets_per_s: 0.2 } });
    const within = await overview(store, { from: NOW_MS - 900_000, to: NOW_MS - 33_000 }, NOW_MS);
    expect(within.tiles.latest).toMatchObject({ connections_per_s: 0, resets_per_s: 0 });
  });

  check('overview: series have gaps where nobody looked, and zeros where nothing happened', async (store) => {
    const { series } = await overview(store, {}, NOW_MS);
    const at = (seconds: number) => series.time_s.indexOf(NOW_MS / 1000 - seconds);
    const pick = (column: readonly (number | null)[] | undefined, ...seconds: number[]) => seconds.map((ago) => column?.[at(ago)]);
    // The youngest step, whose rows may still be on their way, is not told yet.
    expect([series.time_s.length, at(5), at(10)]).toEqual([179, -1, 178]);
    expect(pick(series.connections_per_s, 300, 60, 45, 25, 20, 10)).toEqual([null, 0.2, 0, null, 0.2, 0]);
    expect(pick(series.failed_per_s, 35, 30)).toEqual([0, 0.2]);
    expect(pick(series.resets_per_s, 35, 30)).toEqual([0.2, 0]);
    expect(pick(series.resets_sent_per_s, 300, 35, 30)).toEqual([null, 0.2, 0]);
    expect(pick(series.resets_received_per_s, 35, 30)).toEqual([0.4, 0]);
    expect(pick(series.dropped_per_s, 50, 45, 40)).toEqual([0, 0.6, 0]);
    expect(pick(series.accept_overflows, 300, 30, 20, 10)).toEqual([null, 4, 1, 0]);
    expect(pick(series.retransmit_ratio, 300, 50, 45, 40, 35, 25, 20)).toEqual([null, 0.075, 0.075, 0.04, 0, 0, null]);
    expect(pick(series.retransmits_per_s['fast'], 50, 45)).toEqual([0.6, 0]);
    expect(pick(series.retransmits_per_s['rto'], 50)).toEqual([0.2]);
    expect(pick(series.retransmits_per_s['tlp'], 50)).toEqual([0]);
    expect(pick(series.retransmits_per_s['syn'], 35, 30)).toEqual([0.2, 0]);
    expect(pick(series.rtt_p50_us, 60, 50, 45, 40, 35, 30, 20)).toEqual([null, 1000, 1000, 2000, 2500, 2500, null]);
  });

  check('overview: four hours come from the rollup and agree', async (store) => {
    const { tiles, source, step_s, watched_s, series } = await overview(store, FOUR_HOURS, NOW_MS);
    // Only the step of the reports counts.
    expect(watched_s).toBe((NOW_MS / 1000 - 50) % 300 >= 250 ? 300 : (NOW_MS / 1000) % 300);
    expect({ source, step_s }).toEqual({ source: 'rollup_1m', step_s: 300 });
    expect(tiles).toMatchObject({
      connections_per_s: 2 / watched_s,
      retransmit_ratio: 2 / 60,
      syn_ratio: 1,
      failed_ratio: 0.5,
      failed: 1,
      resets_per_s: 1 / watched_s,
      accept_overflows: 5,
      dropped: 3,
      unattributed: 3,
    });
    expect((await overview(store, { ...FOUR_HOURS, filter: filterOf('service_port = 80') }, NOW_MS)).tiles.accept_overflows).toBe(3);
    // A bucket is 9 % wide; its middle is at most half of that off.
    expect(Math.abs((tiles.rtt_p50_us ?? 0) / 2000 - 1)).toBeLessThan(0.045);
    expect(Math.abs((tiles.rtt_p99_us ?? 0) / 3000 - 1)).toBeLessThan(0.045);
    expect(series.connections_per_s[0]).toBeNull();
  });

  for (const [name, expression, figures] of [
    [
      'comm',
      'process = nginx',
      {
        connections_per_s: 1 / WATCHED_S.all,
        failed: 0,
        retransmit_ratio: null,
        rtt_p50_us: null,
        failed_ratio: null,
        accept_overflows: 3,
        unattributed: null,
      },
    ],
    [
      'host',
      `host = ${ALPHA}`,
      { connections_per_s: 1 / WATCHED_S.alpha, failed: 1, completeness: 94 / 100, accept_overflows: null, dropped: 2 },
    ],
    ['service port of a server', 'service_port = 80', { connections_per_s: 1 / WATCHED_S.all, failed: 0, accept_overflows: 3 }],
    ['service port of a client', 'service_port = 444', { connections_per_s: 0, failed: 1, failed_ratio: 1, accept_overflows: null }],
    ['IPv4 peer', 'peer = 203.0.113.9', { connections_per_s: 1 / WATCHED_S.all, failed: 1, accept_overflows: null, dropped: 2 }],
    ['IPv6 peer', 'peer = 2001:DB8::1', { connections_per_s: 1 / WATCHED_S.all, failed: 0 }],
    // However an address is spelled.
    ...['::ffff:203.0.113.9', '::FFFF:cb00:7109', '0:0:0:0:0:ffff:203.0.113.9'].map(
      (peer) => [`IPv4 peer ${peer}`, `peer = ${peer}`, { connections_per_s: 1 / WATCHED_S.all, failed: 1, dropped: 2 }] as const,
    ),
    ...['2001:db8:0:0:0:0:0:1', '2001:0db8::0001', '2001:db8::0.0.0.1'].map(
      (peer) => [`IPv6 peer ${peer}`, `peer = ${peer}`, { connections_per_s: 1 / WATCHED_S.all, failed: 0 }] as const,
    ),
    ['nobody', `process = "'; SELECT 1"`, { connections_per_s: 0, failed: 0, rtt_p99_us: null }],
  ] as const) {
    check(`overview: only ${name}`, async (store) => {
      expect((await overview(store, { filter: filterOf(expression) }, NOW_MS)).tiles).toMatchObject(figures);
    });
  }

  check('overview: an exact peer is never answered from its network', async (store) => {
    const { source, tiles } = await overview(store, { ...FOUR_HOURS, filter: filterOf('peer = 203.0.113.8') }, NOW_MS);
    expect({ source, failed: tiles.failed }).toEqual({ source: 'rows', failed: 0 });
  });

  const worst = {
    host_id: String(ALPHA),
    host: 'alpha',
    comm: 'curl',
    container: '0123456789ab',
    role: 'client',
    port: 443,
    others: false,
    opened: 1,
    failed: 0,
    resets: 1,
    data_segs_out: 60,
    retrans: 4,
    retransmit_ratio: 2 / 60,
    turn_max_us: 90_000,
    stall_max_us: 250_000,
    bytes: 62_500,
    limits: { application: 0.8, network: 0.12, receiver: 0.04, sender: 0.04, host: 0 },
  };

  check('edges: from rows, sorted and limited', async (store) => {
    const { edges: found, total } = await edges(store, {}, { sort: 'retrans', limit: 2 }, NOW_MS);
    expect(total).toBe(3);
    expect(found).toHaveLength(2);
    expect(found[0]).toEqual({ ...worst, peer_addr: '203.0.113.9', connections_per_s: 1 / WATCHED_S.all, rtt_p99_us: 2980 });
    expect(found[1]).toMatchObject({
      port: 444,
      retrans: 1,
      failed: 1,
      retransmit_ratio: null,
      rtt_p99_us: null,
      limits: { application: 0, network: 0, receiver: 0, sender: 0, host: 0 },
    });
    const [server] = (await edges(store, { filter: filterOf('process = nginx') }, { sort: 'bytes', limit: 9 }, NOW_MS)).edges;
    expect(server).toMatchObject({
      host_id: '2',
      host: 'beta',
      container: 'nginx.service',
      role: 'server',
      peer_addr: '2001:db8::1',
      port: 80,
      opened: 1,
    });
  });

  for (const [sort, port] of [
    ['retransmit_ratio', 443],
    ['rtt_p99_us', 443],
    ['turn_max_us', 443],
    ['stall_max_us', 443],
    ['failed', 444],
    ['resets', 443],
    ['bytes', 443],
  ] as const) {
    check(`edges: sorted by ${sort}`, async (store) => {
      for (const range of [{}, FOUR_HOURS]) expect((await edges(store, range, { sort, limit: 1 }, NOW_MS)).edges[0]?.port).toBe(port);
    });
  }

  check('edges: from the rollup, peers as networks', async (store) => {
    const { edges: found, total } = await edges(store, FOUR_HOURS, { sort: 'retrans', limit: 9 }, NOW_MS);
    expect(total).toBe(3);
    expect(found[0]).toMatchObject({ ...worst, peer_addr: '203.0.113.0/24' });
    expect(found.map(({ peer_addr }) => peer_addr)).toContain('2001:db8::/64');
  });

  check('retransmits: newest first, the same as the live feed makes of the same bytes', async (store) => {
    const { retransmits: found } = await retransmits(store, {}, 3, NOW_MS);
    expect(found.map(({ class: name, outcome }) => `${name} ${outcome}`)).toEqual(['syn sent', 'tlp refused', 'rto failed']);
    const stored = (await retransmits(store, { filter: filterOf(`host = ${ALPHA} and connection = 1`) }, 9, NOW_MS)).retransmits.at(-1);
    const bytes = rowBytes('retransmit', fast);
    const live = retransmitFromRow(KINDS.retransmit.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0), 'alpha');
    expect(stored).toEqual(live);
    expect(stored).toMatchObject({ local_addr: '10.0.0.1', class: 'fast', segments: 3, time_ns: String(ago(48)) });
  });

  check('hosts: with the account of their running agent', async (store) => {
    const { hosts: found, total, next } = await hosts(store, {}, BY_NAME, NOW_MS);
    expect([total, next]).toEqual([2, null]);
    expect(found.map(({ name }) => name)).toEqual(['alpha', 'beta']);
    expect(found[0]).toEqual({
      host_id: String(ALPHA),
      name: 'alpha',
      kernel: '6.1.0',
      agent_version: '0.1.0',
      last_seen_ms: NOW_MS - 50_000,
      lag_ms: 50_000,
      completeness: 94 / 100,
      accounts: expect.arrayContaining([
        { kind: 'sample', seen: 100, sent: 90, stored: 2, queued: 4, lost: { ring_lost: 3, memory_dropped: 2, rejected: 1 } },
        { kind: 'drop', seen: 0, sent: 0, stored: 2, queued: 0, lost: {} },
      ]),
      hooks: [{ name: 'tcp_retransmit_skb', attached: true, reason: '' }],
    });
    const again = report({
      host_id: '0000000000000002',
      epoch: '00000000000000bb',
      at_ms: NOW_MS + 1000,
      accounting: toldOf('retransmit', { seen: 4, sent: 1, ring_lost: 3 }, NOW_MS - 60_000, '00000000000000bb'),
    });
    await store.insertReports([{ ...again, host: { ...again.host, name: 'beta' } }]);
    const first = await hosts(store, {}, { ...BY_NAME, limit: 1 }, NOW_MS);
    expect(first.hosts.map(({ name }) => name)).toEqual(['alpha']);
    const {
      hosts: [beta],
      next: end,
    } = await hosts(store, {}, { ...BY_NAME, limit: 1, after: first.next ?? undefined }, NOW_MS);
    expect(end).toBeNull();
    expect(beta).toMatchObject({ completeness: 11 / 16, lag_ms: 0 });
    expect(beta?.accounts).toContainEqual({ kind: 'retransmit', seen: 4, sent: 1, stored: 0, queued: 0, lost: { ring_lost: 3 } });
  });
});
