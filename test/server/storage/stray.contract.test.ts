// Resets and drops without a socket are their connection's, found by the packet's addresses; on every back end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drops, resets } from '../../../server/storage/queries/causes.ts';
import { connection } from '../../../server/storage/queries/connection.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { ago, NOW_MS } from './hand-made-rows.ts';

const HOST = 5n;
const S = 1_000_000;
const SENT = 1;
const RECEIVED = 2;

type End = readonly [addr: string, port: number];
const row = (local: End, peer: End, more: RowValues): RowValues => ({
  host_id: HOST,
  local_addr: local[0],
  local_port: local[1],
  peer_addr: peer[0],
  peer_port: peer[1],
  state: 1,
  ...more,
});
const CLIENT = { comm: 'loader', role: 1, owner: 1, pid: 70, netns: 11 };
const SERVER = { comm: 'store', role: 2, owner: 4, pid: 80, netns: 12 };

const near: End = ['10.1.0.1', 40_000];
const far: End = ['10.1.0.2', 443];
/** Both ends of this one are on the host, in two namespaces. */
const inside: End = ['10.2.0.1', 41_000];
const service: End = ['10.2.0.2', 5432];
const closed = (addr: string): End => [addr, 81];

const connections = [
  rowBytes('connection', { ...row(near, far, CLIENT), connection_id: 101, event: 0, time_ns: ago(50) }),
  // The same ends once more, later.
  rowBytes('connection', { ...row(near, far, CLIENT), connection_id: 101, event: 1, duration_us: 20 * S, time_ns: ago(30) }),
  rowBytes('connection', { ...row(near, far, { ...CLIENT, comm: 'second' }), connection_id: 102, event: 0, time_ns: ago(20) }),
  rowBytes('connection', { ...row(service, inside, SERVER), connection_id: 201, event: 0, time_ns: ago(50) }),
];
/** Open since long before; only samples tell. */
const samples = [rowBytes('sample', { ...row(inside, service, CLIENT), connection_id: 200, interval_us: 10 * S, time_ns: ago(50) })];

const queue = { reason: 'qdisc_drop', length: 1000 };
const firewall = { reason: 'netfilter_drop', length: 10 };
const dropRows = [
  // Segments that a queue cut off, in the life of the first and of the second; one when no connection had those ends.
  rowBytes('drop', { ...row(near, far, { netns: 11, direction: SENT, ...queue }), time_ns: ago(45) }),
  rowBytes('drop', { ...row(near, far, { netns: 11, direction: SENT, ...queue }), time_ns: ago(40) }),
  rowBytes('drop', { ...row(near, far, { netns: 11, direction: SENT, ...queue }), time_ns: ago(15) }),
  rowBytes('drop', { ...row(near, far, { netns: 11, direction: SENT, ...queue }), time_ns: ago(200) }),
  // On its way out of namespace 11, met in another by its firewall: seen as coming in, with the ends turned round.
  rowBytes('drop', { ...row(far, near, { netns: 13, direction: RECEIVED, ...firewall }), time_ns: ago(42) }),
  // Between the two: its sender's. In the receiver's namespace: the receiver's.
  rowBytes('drop', { ...row(service, inside, { netns: 13, direction: RECEIVED, ...firewall }), time_ns: ago(41) }),
  rowBytes('drop', { ...row(inside, service, { netns: 13, direction: 0, ...firewall }), time_ns: ago(41) }),
  rowBytes('drop', { ...row(service, inside, { netns: 12, direction: RECEIVED, ...firewall }), time_ns: ago(40) }),
  // What nobody misses is told last.
  ...Array.from({ length: 9 }, (_, at) =>
    rowBytes('drop', {
      ...row(near, far, { connection_id: 101, has_socket: 1, ...CLIENT }),
      meaning: 1,
      direction: RECEIVED,
      reason: 'tcp_old_sequence',
      time_ns: ago(45 - at),
    }),
  ),
];
const resetRows = [
  // For a late packet of a connection that is gone, and for a port that nobody listens on.
  rowBytes('reset', { ...row(near, far, { netns: 11, direction: SENT, reason: 'no_socket' }), time_ns: ago(29) }),
  rowBytes('reset', {
    ...row(closed('10.1.0.1'), ['10.1.0.9', 50_000], { netns: 11, direction: SENT, reason: 'no_socket', role: 2 }),
    time_ns: ago(29),
  }),
  rowBytes('reset', {
    ...row(['10.1.0.1', 50_001], closed('10.1.0.8'), { netns: 11, direction: SENT, reason: 'no_socket' }),
    time_ns: ago(29),
  }),
];

describe.each(BACKENDS)('rows without a socket on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    await fixture.put('connection', connections);
    await fixture.put('sample', samples);
    await fixture.put('drop', dropRows);
    await fixture.put('reset', resetRows);
  });
  afterAll(async () => fixture?.close());
  const check = (name: string, run: (store: Fixture['store']) => Promise<void>) =>
    test(name, async (context) => {
      context.skip(skip !== undefined, skip);
      await run(fixture.store);
    });

  const told = async (store: Fixture['store'], expression?: string) =>
    (await drops(store, expression === undefined ? {} : { filter: filterOf(expression) }, 20, NOW_MS)).drops.map(
      ({ comm, direction, reason, packets, connection_id, peer_addr, port, has_socket }) => ({
        comm,
        direction,
        reason,
        packets,
        connection_id,
        peer: `${peer_addr}:${port}`,
        has_socket,
      }),
    );

  check('a process finds what its own queue and firewalls dropped', async (store) => {
    const toFar = { direction: 'sent', peer: '10.1.0.2:443', has_socket: true };
    expect(await told(store, 'process = loader')).toEqual([
      { comm: 'loader', reason: 'qdisc_drop', packets: 2, connection_id: '101', ...toFar },
      { comm: 'loader', reason: 'netfilter_drop', packets: 2, connection_id: '200', ...toFar, peer: '10.2.0.2:5432' },
      { comm: 'loader', reason: 'netfilter_drop', packets: 1, connection_id: '101', ...toFar },
      { comm: 'loader', reason: 'tcp_old_sequence', packets: 9, connection_id: '101', ...toFar, direction: 'received' },
    ]);
  });

  check('the same ends are another connection later', async (store) => {
    expect(await told(store, 'process = second')).toMatchObject([{ direction: 'sent', packets: 1, connection_id: '102' }]);
  });

  check('in the receiver’s namespace it is the receiver’s', async (store) => {
    expect(await told(store, 'process = store')).toMatchObject([
      { direction: 'received', packets: 1, connection_id: '201', peer: '10.2.0.1:5432' },
    ]);
  });

  check('what no connection explains stays as it was; a peer and a port find the others', async (store) => {
    expect(await told(store, 'not process = *')).toMatchObject([
      { reason: 'qdisc_drop', packets: 1, connection_id: '0', has_socket: false },
    ]);
    expect(await told(store, 'peer = 10.1.0.2 and service_port = 443 and process = second')).toHaveLength(1);
    expect(await told(store, 'host = 6')).toEqual([]);
  });

  check('what was lost comes first, whatever is more frequent', async (store) => {
    const { drops: groups } = await drops(store, {}, 20, NOW_MS);
    expect(groups.map(({ meaning }) => meaning)).toEqual([...Array(groups.length - 1).fill('lost'), 'answered']);
  });

  check('resets: a late packet is its connection’s; a closed port is named with its own address', async (store) => {
    const { resets: groups } = await resets(store, {}, 20, NOW_MS);
    const found = groups.map(({ comm, connection_id, peer_addr, port, service_addr }) => ({
      comm,
      connection_id,
      peer_addr,
      port,
      service_addr,
    }));
    expect(found).toContainEqual({ comm: 'loader', connection_id: '101', peer_addr: '10.1.0.2', port: 443, service_addr: '10.1.0.2' });
    expect(found).toContainEqual({ comm: '', connection_id: '0', peer_addr: '10.1.0.9', port: 81, service_addr: '10.1.0.1' });
    expect(found).toContainEqual({ comm: '', connection_id: '0', peer_addr: '10.1.0.8', port: 81, service_addr: '10.1.0.8' });
    expect(found).toHaveLength(3);
    expect((await resets(store, { filter: filterOf('process = loader') }, 20, NOW_MS)).resets).toHaveLength(1);
  });

  check('the story of a connection has them too', async (store) => {
    const story = await connection(store, String(HOST), '101');
    expect(story?.drops.filter(({ meaning }) => meaning === 'lost')).toMatchObject([
      { direction: 'sent', reason: 'qdisc_drop', length: 1000, time_ns: String(ago(45)) },
      { direction: 'sent', reason: 'netfilter_drop', time_ns: String(ago(42)) },
      { direction: 'sent', reason: 'qdisc_drop', time_ns: String(ago(40)) },
    ]);
    expect(story?.resets).toMatchObject([{ direction: 'sent', reason: 'no_socket' }]);
  });

  // The last one: there are more rows after it.
  check('in a range with too many of them nobody is looked for, and that is told', async (store) => {
    const many = Array.from({ length: 20_001 }, (_, at) =>
      rowBytes('drop', { ...row(near, far, { netns: 11, direction: SENT, ...queue }), host_id: 9n, seq: at, time_ns: ago(35) }),
    );
    const opened = rowBytes('connection', { ...row(near, far, CLIENT), host_id: 9n, connection_id: 301, event: 0, time_ns: ago(50) });
    await fixture.put('connection', [opened]);
    await fixture.put('drop', many);
    const ask = (expression: string) => drops(store, { filter: filterOf(expression) }, 20, NOW_MS);
    expect(await ask('host = 9')).toMatchObject({ looked_up: false, drops: [{ packets: 20_001, comm: '', has_socket: false }] });
    expect(await ask('host = 5 and process = loader')).toMatchObject({ looked_up: true });
  });
});
