// When nobody listened, and how often clients sent their SYNs again, on rows made by hand and every back end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listeners } from '../../../server/storage/queries/listeners.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { ago, NOW_MS } from './hand-made-rows.ts';

const [CLOSE, LISTEN] = [7, 10];
const [SERVER, CLIENT, OTHER] = [21n, 22n, 23n];
const ANY = '00000000000000000000000000000000';

const socket = (connection_id: number, local_port: number, local_addr = '10.9.0.1'): RowValues => ({
  host_id: SERVER,
  netns: 5,
  comm: 'app',
  owner: 1,
  connection_id,
  local_addr,
  local_port,
  peer_addr: ANY,
});
const swept = (of: RowValues, s: number) => rowBytes('listener', { ...of, state: LISTEN, accept_queue_limit: 128, time_ns: ago(s) });
/** The last row of one that is closed while some wait. */
const leaves = (of: RowValues, s: number, accept_queue: number) =>
  rowBytes('listener', { ...of, state: CLOSE, accept_queue, accept_queue_limit: 128, accepted: 2, time_ns: ago(s) });
const begins = (of: RowValues, s: number) => rowBytes('state_change', { ...of, old_state: CLOSE, new_state: LISTEN, time_ns: ago(s) });
const ends = (of: RowValues, s: number) => rowBytes('state_change', { ...of, old_state: LISTEN, new_state: CLOSE, time_ns: ago(s) });
const [restarted, again] = [socket(1, 7001), socket(2, 7001)];
const [worker, colleague, successor] = [socket(3, 7002), socket(4, 7002), socket(5, 7002)];
const gone = socket(6, 7003);
const started = socket(7, 7004);
/** Between two sweeps: only its last row tells of it. */
const brief = socket(10, 7006);
const [everywhere, other] = [socket(8, 7005, ANY), { ...socket(9, 7005, ANY), host_id: OTHER }];

const changes = [
  ends(restarted, 100),
  begins(again, 95),
  // One of two workers is replaced: the other listens meanwhile.
  ends(worker, 90),
  begins(successor, 80),
  ends(gone, 60),
  begins(started, 200),
  begins(brief, 33),
  ends(brief, 30),
];
const rows = [
  ...[restarted, worker, colleague, gone, everywhere, other].map((each) => swept(each, 110)),
  ...[again, colleague, successor, started, everywhere, other].map((each) => swept(each, 20)),
  leaves(restarted, 100, 1),
  leaves(worker, 90, 0),
  leaves(gone, 60, 3),
  leaves(brief, 30, 0),
];
const syn = (host_id: bigint, peer_addr: string, peer_port: number, segments: number) =>
  rowBytes('retransmit', { host_id, comm: 'curl', role: 1, class: 5, outcome: 0, peer_addr, peer_port, segments, time_ns: ago(50) });
const accepted = (host_id: bigint, local_addr: string) =>
  rowBytes('connection', { host_id, role: 2, local_addr, local_port: 7005, connection_id: 99, event: 0, time_ns: ago(70) });

describe.each(BACKENDS)('listeners on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    await fixture.put('listener', rows);
    await fixture.put('state_change', changes);
    await fixture.put('connection', [accepted(SERVER, '10.9.0.1'), accepted(SERVER, '127.0.0.1'), accepted(OTHER, '127.0.0.1')]);
    await fixture.put('retransmit', [
      syn(CLIENT, '10.9.0.1', 7001, 3),
      syn(OTHER, '10.9.0.1', 7001, 2),
      syn(CLIENT, '10.9.0.1', 7005, 4),
      // Each host means its own.
      syn(SERVER, '127.0.0.1', 7005, 8),
      syn(OTHER, '127.0.0.1', 7005, 16),
      syn(CLIENT, '10.9.0.9', 7005, 32),
    ]);
  });
  afterAll(async () => fixture?.close());

  test('when nobody listened, and SYNs that clients sent again', async (context) => {
    context.skip(skip !== undefined, skip);
    const found = (await listeners(fixture.store, { filter: filterOf('process = app') }, { limit: 20, history: true }, NOW_MS)).listeners;
    const told = found.map(({ host_id, port, gone_us, gone_from_ms, syns_resent }) => [
      `${host_id} :${port}`,
      { gone_us, gone_from_ms, syns_resent },
    ]);
    expect(Object.fromEntries(told)).toEqual({
      '21 :7001': { gone_us: 5_000_000, gone_from_ms: NOW_MS - 100_000, syns_resent: 5 },
      '21 :7002': { gone_us: 0, gone_from_ms: null, syns_resent: 0 },
      '21 :7003': { gone_us: 60_000_000, gone_from_ms: NOW_MS - 60_000, syns_resent: 0 },
      '21 :7006': { gone_us: 30_000_000, gone_from_ms: NOW_MS - 30_000, syns_resent: 0 },
      '21 :7004': { gone_us: 0, gone_from_ms: null, syns_resent: 0 },
      '21 :7005': { gone_us: 0, gone_from_ms: null, syns_resent: 12 },
      '23 :7005': { gone_us: 0, gone_from_ms: null, syns_resent: 16 },
    });
  });

  test('which are closed, what waited then, and what still waits', async (context) => {
    context.skip(skip !== undefined, skip);
    const found = (await listeners(fixture.store, { filter: filterOf('process = app') }, { limit: 20, history: false }, NOW_MS)).listeners;
    const told = found.map(({ host_id, port, sockets, left_waiting, accept_queue_limit, accepted }) => [
      `${host_id} :${port}`,
      [sockets, left_waiting, accept_queue_limit, accepted],
    ]);
    expect(Object.fromEntries(told)).toEqual({
      '21 :7001': [1, 1, 128, 2],
      '21 :7002': [2, 0, 256, 2],
      '21 :7003': [0, 3, 128, 2],
      '21 :7004': [1, 0, 128, 0],
      '21 :7005': [1, 0, 128, 0],
      '21 :7006': [0, 0, 128, 2],
      '23 :7005': [1, 0, 128, 0],
    });
  });
});
