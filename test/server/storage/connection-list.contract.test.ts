// The list of connections, on rows made by hand and compared with a plain fold over the same rows.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { END_REASON, EVENT, ROLE, STATE } from '../../../bpf/rows/rows.gen.ts';
import { CONNECTION_SORTS } from '../../../server/api/connections.ts';
import { connectionList } from '../../../server/storage/queries/connection-list.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { ago, NOW_MS } from './hand-made-rows.ts';
import { report } from './report.ts';

const ASKED = { sort: 'last_ms', limit: 100 } as const;
const S = 1_000_000;
const ends = (connection_id: number, change: RowValues = {}): RowValues => ({
  host_id: 1n,
  connection_id: BigInt(connection_id),
  comm: 'curl',
  role: ROLE.indexOf('client'),
  owner: 1,
  local_addr: '10.0.0.1',
  local_port: 40_000 + connection_id,
  peer_addr: '10.0.0.2',
  peer_port: 443,
  state: STATE.indexOf('established'),
  ...change,
});
const failed = (connection_id: number, reason: (typeof END_REASON)[number], seconds: number, change: RowValues = {}) =>
  ends(connection_id, {
    time_ns: ago(seconds),
    event: EVENT.indexOf('failed'),
    end_reason: END_REASON.indexOf(reason),
    state: STATE.indexOf('close'),
    ...change,
  });

/** One that waits in CLOSE_WAIT with unread bytes, one that has ended, failed ones, and one of before the range. */
const CONNECTIONS: RowValues[] = [
  ends(1, { time_ns: ago(500), event: 0, connect_us: 700 }),
  ends(2, { time_ns: ago(300), event: 0, connect_us: 900 }),
  ends(2, {
    time_ns: ago(100),
    event: EVENT.indexOf('close'),
    end_reason: END_REASON.indexOf('fin_peer'),
    state: STATE.indexOf('close'),
    duration_us: 200 * S,
    connect_us: 900,
    bytes_sent: 7000,
    bytes_received: 300,
    data_segs_out: 400,
    total_retrans: 9,
    retrans_data: 8,
    retrans_spurious: 1,
    turn_max_us: 5000,
    stall_max_us: 60_000,
    srtt_us: 1500,
  }),
  failed(3, 'refused', 90, { sk_err: 111 }),
  failed(4, 'refused', 80, { sk_err: 111, peer_port: 81 }),
  failed(5, 'timeout', 70, { sk_err: 110, duration_us: 3 * S }),
  failed(6, 'no_port', 60, { sk_err: 99, comm: 'nginx' }),
  // The same socket asked again, and was let in.
  failed(9, 'refused', 95, { sk_err: 111 }),
  ends(9, { time_ns: ago(94), event: 0 }),
  ends(7, { time_ns: ago(5000), event: 0 }),
  ends(8, { time_ns: ago(50), event: 0, role: ROLE.indexOf('server'), local_port: 80, peer_port: 5555, comm: 'nginx', host_id: 2n }),
];
const SAMPLES: RowValues[] = [
  ends(1, { time_ns: ago(490), bytes_sent: 1000, data_segs_out: 90, retrans: 2, retrans_data: 2, turn_max_us: 4000, srtt_us: 2000 }),
  ends(1, {
    time_ns: ago(480),
    bytes_received: 500,
    data_segs_out: 10,
    state: STATE.indexOf('close_wait'),
    state_us: 3 * S,
    unread: 77,
    notsent: 5,
    stall_max_us: 90_000,
  }),
  // Its end tells the whole.
  ends(2, { time_ns: ago(200), bytes_sent: 5000, data_segs_out: 300, retrans: 5, retrans_data: 5, turn_max_us: 5000 }),
];

describe.each(BACKENDS)('list of connections on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    await fixture.put(
      'connection',
      CONNECTIONS.map((row) => rowBytes('connection', row)),
    );
    await fixture.put(
      'sample',
      SAMPLES.map((row) => rowBytes('sample', row)),
    );
    await fixture.store.insertReports([report({ host_id: '0000000000000001', at_ms: NOW_MS - 1000 })]);
  });
  afterAll(async () => fixture?.close());
  const check = (name: string, run: (store: Fixture['store']) => Promise<void>) =>
    test(name, async (context) => {
      context.skip(skip !== undefined, skip);
      await run(fixture.store);
    });

  check('each connection once, as its newest rows say', async (store) => {
    const { connections, total, next, counts, rows_read, completeness } = await connectionList(store, {}, ASKED, NOW_MS);
    expect(connections.map(({ connection_id, phase }) => `${connection_id} ${phase}`)).toEqual([
      '8 live',
      '6 failed',
      '5 failed',
      '4 failed',
      '3 failed',
      '9 live',
      '2 ended',
      '1 live',
    ]);
    expect([total, next, rows_read]).toEqual([8, null, 13]);
    // The report's samples: 94 of 100.
    expect(completeness).toBeCloseTo(0.94, 6);
    expect(counts).toEqual(
      expect.arrayContaining([
        { phase: 'failed', end_reason: 'refused', state: 'close', connections: 2 },
        { phase: 'live', end_reason: 'none', state: 'close_wait', connections: 1 },
        { phase: 'ended', end_reason: 'fin_peer', state: 'close', connections: 1 },
      ]),
    );
    expect(counts.reduce((sum, one) => sum + one.connections, 0)).toBe(8);
    expect(connections[5]).toMatchObject({ end_reason: 'none', sk_err: 0, state: 'established' });
    expect(connections[7]).toEqual({
      host_id: '1',
      host: 'alpha',
      connection_id: '1',
      comm: 'curl',
      container: '',
      role: 'client',
      local_addr: '10.0.0.1',
      local_port: 40_001,
      peer_addr: '10.0.0.2',
      peer_port: 443,
      phase: 'live',
      state: 'close_wait',
      end_reason: 'none',
      sk_err: 0,
      last_ms: NOW_MS - 480_000,
      duration_us: 500 * S,
      state_us: 483 * S,
      connect_us: 700,
      bytes: 1500,
      data_segs_out: 100,
      retrans: 2,
      retransmit_ratio: 2 / 100,
      srtt_us: 2000,
      turn_max_us: 4000,
      stall_max_us: 90_000,
      unread: 77,
      notsent: 5,
    });
    expect(connections[6]).toMatchObject({
      phase: 'ended',
      end_reason: 'fin_peer',
      duration_us: 200 * S,
      state_us: null,
      bytes: 7300,
      data_segs_out: 400,
      retrans: 9,
      retransmit_ratio: 8 / 400,
      turn_max_us: 5000,
      srtt_us: 1500,
    });
    expect(connections[2]).toMatchObject({ end_reason: 'timeout', sk_err: 110, duration_us: 3 * S, retransmit_ratio: null });
  });

  for (const [name, range, asked, expected] of [
    ['a process', { filter: filterOf('process = nginx') }, {}, ['8', '6']],
    ['a host', { filter: filterOf('host = 2') }, {}, ['8']],
    ['a service port', { filter: filterOf('service_port = 81') }, {}, ['4']],
    ['a peer', { filter: filterOf('peer = 10.0.0.2 and service_port = 80') }, {}, ['8']],
    ['live ones', {}, { phase: 'live' }, ['8', '9', '1']],
    ['failed ones', {}, { phase: 'failed' }, ['6', '5', '4', '3']],
    ['a reason', {}, { end_reason: 'refused' }, ['4', '3']],
    ['a state', {}, { state: 'close_wait' }, ['1']],
    ['an end of the range at which it still lived', { to: NOW_MS - 150_000 }, { phase: 'live' }, ['2', '1']],
    ['nobody', { filter: filterOf(`process = "'; SELECT 1"`) }, {}, []],
  ] as const) {
    check(`only ${name}`, async (store) => {
      const found = await connectionList(store, range, { ...ASKED, ...asked }, NOW_MS);
      expect(found.connections.map(({ connection_id }) => connection_id)).toEqual(expected);
      expect(found.total).toBe(expected.length);
    });
  }

  for (const sort of CONNECTION_SORTS) {
    check(`by ${sort}: the largest first, those without it last, in pages as in one`, async (store) => {
      const asked = { ...ASKED, sort };
      const { connections: all, from_ms: from, to_ms: to } = await connectionList(store, {}, asked, NOW_MS);
      const figures = all.map((row) => row[sort] ?? -1);
      // Few data segments make no ratio that others could be compared with.
      if (sort === 'retransmit_ratio') expect(all[0]?.connection_id).toBe('1');
      else expect(figures).toEqual(figures.toSorted((a, b) => b - a));
      const paged: string[] = [];
      for (let after: string | undefined, pages = 0; pages < 9; pages++) {
        const page = await connectionList(store, { from, to }, { ...asked, limit: 2, after }, NOW_MS);
        expect(page.total).toBe(8);
        paged.push(...page.connections.map(({ host_id, connection_id }) => `${host_id}/${connection_id}`));
        if (page.next === null) break;
        after = page.next;
      }
      expect(paged).toEqual(all.map(({ host_id, connection_id }) => `${host_id}/${connection_id}`));
    });
  }

  check('a range that would take too many rows is refused, and how to narrow it is said', async (store) => {
    const asked = connectionList(store, {}, { ...ASKED, rows_max: 5 }, NOW_MS);
    await expect(asked).rejects.toMatchObject({
      code: 'range_too_wide',
      message: expect.stringMatching(/13 rows.*shorter range or one host/),
    });
  });
});
