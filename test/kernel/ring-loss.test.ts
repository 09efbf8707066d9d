// A ring far too small for a burst: what it cannot hold is counted, and rows and losses together are what happened.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import process from 'node:process';
import { expect, test } from 'vitest';
import { collectRows } from '../support/collect.ts';

const PAGE = 4096;
const CONNECTIONS = 400;
/** open and close, at both ends */
const ROWS_EACH = 4;

test('rows and counted losses are the connections made', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: BPF');
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const { rows, counters } = await collectRows(
    async () => {
      await Promise.all(Array.from({ length: CONNECTIONS }, () => once(connect(port, '127.0.0.1').resume(), 'close')));
    },
    { ring_bytes: PAGE },
  );
  server.close();
  const ours = rows.connection.filter((row) => row.local_port === port || row.peer_port === port).length;
  const others = rows.connection.length - ours;
  const { written, ring_lost } = counters.connection;
  expect(written).toBe(rows.connection.length);
  expect(ring_lost).toBeGreaterThan(0);
  // What other programs of this machine connected meanwhile may be among the losses too.
  expect(ours + ring_lost).toBeGreaterThanOrEqual(CONNECTIONS * ROWS_EACH);
  if (others === 0) expect(ours + ring_lost).toBe(CONNECTIONS * ROWS_EACH);
});
