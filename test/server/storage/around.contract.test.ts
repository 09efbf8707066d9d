// What other rows explain of a connection, on rows made by hand: who had the ports, and whether there was a route.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLASS, END_REASON, EVENT, OUTCOME, ROLE } from '../../../bpf/rows/rows.gen.ts';
import { drops } from '../../../server/storage/queries/causes.ts';
import { connection } from '../../../server/storage/queries/connection.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { filterOf } from './filter-of.ts';
import { ago, NOW_MS } from './hand-made-rows.ts';

const HOST = { host_id: 7n, netns: 5 };
const CLIENT = { ...HOST, role: ROLE.indexOf('client'), local_addr: '10.0.0.1', peer_addr: '198.51.100.9', peer_port: 8443 };
const [OPEN, CLOSE, FAILED] = [EVENT.indexOf('open'), EVENT.indexOf('close'), EVENT.indexOf('failed')];
const FAILED_AGO_S = 100;

let ids = 100;
/** A connection that opened so many seconds ago and, if it did, ended. */
function lived(local_port: number, opened: number, ended?: { ago: number; as: (typeof END_REASON)[number] }, more: RowValues = {}) {
  const own = { ...CLIENT, connection_id: ids++, local_port, ...more };
  const open = rowBytes('connection', { ...own, time_ns: ago(opened), event: OPEN });
  if (!ended) return [open];
  return [open, rowBytes('connection', { ...own, time_ns: ago(ended.ago), event: CLOSE, end_reason: END_REASON.indexOf(ended.as) })];
}

const WITHOUT_PORT = {
  ...CLIENT,
  connection_id: 1,
  time_ns: ago(FAILED_AGO_S),
  event: FAILED,
  sk_err: 99,
  port_first: 40_000,
  port_last: 40_009,
};
const CONNECTIONS = [
  rowBytes('connection', { ...WITHOUT_PORT, end_reason: END_REASON.indexOf('no_port') }),
  // Of these four ports were taken: by one that is open, one that ended later, and two of TIME_WAIT's minute, of which one was the other's.
  ...lived(40_000, 300),
  ...lived(40_001, 300, { ago: FAILED_AGO_S - 10, as: 'fin_peer' }),
  ...lived(40_002, 300, { ago: FAILED_AGO_S + 30, as: 'fin_local' }),
  ...lived(40_003, 300, { ago: FAILED_AGO_S + 59, as: 'fin_local' }),
  ...lived(40_003, 200, { ago: FAILED_AGO_S + 50, as: 'fin_local' }),
  // And these were not, or not toward it.
  ...lived(40_004, 300, { ago: FAILED_AGO_S + 30, as: 'fin_peer' }),
  ...lived(40_005, 300, { ago: FAILED_AGO_S + 90, as: 'fin_local' }),
  ...lived(40_006, FAILED_AGO_S - 10),
  ...lived(40_007, 300, undefined, { peer_port: 8444 }),
  ...lived(40_008, 300, undefined, { netns: 6 }),
  ...lived(50_000, 300),
  ...lived(41_000, 90, { ago: 40, as: 'timeout' }, { connection_id: 2, bytes_failed: 5000 }),
  ...lived(41_001, 90, { ago: 40, as: 'timeout' }, { connection_id: 3 }),
];
const REFUSED = {
  ...CLIENT,
  connection_id: 3,
  time_ns: ago(60),
  class: CLASS.indexOf('rto'),
  outcome: OUTCOME.indexOf('refused'),
  err: -113,
};
const NAMESPACES = [
  rowBytes('namespace', { ...HOST, time_ns: ago(95), out_no_routes: 100 }),
  rowBytes('namespace', { ...HOST, time_ns: ago(60), out_no_routes: 5 }),
  rowBytes('namespace', { ...HOST, time_ns: ago(30), out_no_routes: 7 }),
  rowBytes('namespace', { ...HOST, netns: 6, time_ns: ago(60), out_no_routes: 1000 }),
];

describe.each(BACKENDS)('around a connection on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    await fixture.put('connection', CONNECTIONS);
    await fixture.put('retransmit', [rowBytes('retransmit', REFUSED)]);
    await fixture.put('namespace', NAMESPACES);
  });
  afterAll(async () => fixture?.close());
  const check = (name: string, run: (store: Fixture['store']) => Promise<void>) =>
    test(name, async (context) => {
      context.skip(skip !== undefined, skip);
      await run(fixture.store);
    });

  check('ports toward a destination, those in TIME_WAIT too', async (store) => {
    expect(await connection(store, '7', '1')).toMatchObject({ port_first: 40_000, port_last: 40_009, ports_used: 4, out_no_routes: null });
  });

  check('packets without a route, while something of the connection did not leave', async (store) => {
    expect(await connection(store, '7', '2')).toMatchObject({ bytes_failed: 5000, out_no_routes: 12, ports_used: null });
    expect(await connection(store, '7', '3')).toMatchObject({ bytes_failed: 0, out_no_routes: 12 });
    expect(await connection(store, '7', '100')).toMatchObject({ out_no_routes: null });
  });

  check('of all of a host: no row tells of a connect without a route', async (store) => {
    expect(await drops(store, { filter: filterOf('host = 7') }, 9, NOW_MS)).toMatchObject({ drops: [], out_no_routes: 1112 });
    expect(await drops(store, { filter: filterOf('host = 8') }, 9, NOW_MS)).toMatchObject({ out_no_routes: 0 });
  });
});
