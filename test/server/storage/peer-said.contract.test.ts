// What the host at the other end says of a connection, by addresses and ports: on rows made by hand and every back end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connection } from '../../../server/storage/queries/connection.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { ago } from './hand-made-rows.ts';

const [CLIENT, SERVER, OTHER] = [31n, 32n, 33n];
type Ends = { local_addr: string; local_port: number; peer_addr: string; peer_port: number };
const ends = (local_addr: string, peer_addr: string, local_port: number): Ends => ({ local_addr, local_port, peer_addr, peer_port: 443 });
const turned = (of: Ends) => ({ local_addr: of.peer_addr, local_port: of.peer_port, peer_addr: of.local_addr, peer_port: of.local_port });

const refused = ends('10.8.0.1', '10.8.0.2', 40_001);
const dropped = ends('10.8.0.1', '10.8.0.2', 40_002);
const loopback = ends('127.0.0.1', '127.0.0.1', 40_003);
const own = ends('127.0.0.1', '127.0.0.1', 40_004);
const quiet = ends('10.8.0.1', '10.8.0.2', 40_005);

/** The enum's bytes: failed; refused and timeout. */
const failed = (of: Ends, connection_id: number, end_reason: number) =>
  rowBytes('connection', { host_id: CLIENT, ...of, connection_id, role: 1, event: 2, end_reason, time_ns: ago(30) });
const [TIMEOUT, REFUSED, FIN] = [5, 6, 2];
const reset = (host_id: bigint, of: Ends) =>
  rowBytes('reset', { host_id, ...turned(of), direction: 1, reason: 'no_socket', time_ns: ago(30) });
const drop = (host_id: bigint, of: Ends, reason: string, s: number, meaning = 0) =>
  rowBytes('drop', { host_id, ...turned(of), direction: 2, meaning, reason, time_ns: ago(s) });

describe.each(BACKENDS)('what the peer’s host says on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    await fixture.put('connection', [
      failed(refused, 1, REFUSED),
      failed(dropped, 2, TIMEOUT),
      failed(loopback, 3, REFUSED),
      failed(own, 4, REFUSED),
      failed(quiet, 5, FIN),
    ]);
    await fixture.put('reset', [reset(SERVER, refused), reset(OTHER, loopback), reset(CLIENT, own), reset(SERVER, quiet)]);
    await fixture.put('drop', [
      drop(SERVER, dropped, 'netfilter_drop', 31),
      drop(SERVER, dropped, 'netfilter_drop', 30),
      drop(SERVER, dropped, 'tcp_csum', 29),
      // Freed, and nothing is missing.
      drop(SERVER, dropped, 'tcp_old_data', 28, 1),
      // Long before.
      drop(SERVER, dropped, 'tcp_csum', 200),
    ]);
  });
  afterAll(async () => fixture?.close());

  const cases: readonly [string, id: number, object | null][] = [
    ['a reset', 1, { resets: 1, reset_reason: 'no_socket', dropped: 0 }],
    ['drops, by the most frequent reason', 2, { resets: 0, dropped: 3, drop_reason: 'netfilter_drop' }],
    ['another host’s loopback is no peer', 3, null],
    ['the own one is', 4, { resets: 1 }],
    ['nothing is asked of what ended well', 5, null],
  ];
  test.for(cases)('%s', async ([, id, said], context) => {
    context.skip(skip !== undefined, skip);
    const story = await connection(fixture.store, String(CLIENT), String(id));
    if (said === null) expect(story?.peer_said).toBeNull();
    else expect(story?.peer_said).toMatchObject(said);
  });
});
