// When a connection was opened, by the row that tells of it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVENT } from '../../../bpf/rows/rows.gen.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import { connection } from '../../../server/storage/queries/connection.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { type Fixture, fixture } from './backends.ts';

const NOW_MS = Math.floor(Date.now() / 60_000) * 60_000;
const [OPEN, CLOSE] = [EVENT.indexOf('open'), EVENT.indexOf('close')];

let opened: Fixture;
beforeAll(async () => {
  opened = await fixture(async (directory) => openEmbedded({ path: `${directory}/engine` }));
});
afterAll(() => opened?.close());

test.each([
  ['the close', { event: CLOSE, tells_open: 1, duration_us: 5_000_000, syn_sent_us: 100_000 }, 4900],
  ['a sweep', { event: OPEN, duration_us: 2_000_000, syn_recv_us: 50_000 }, 1950],
] as const)('a connection of whose opening %s tells was open since its handshake was over', async (_, values, ago_ms) => {
  const connection_id = values.event === CLOSE ? 91 : 92;
  await opened.put('connection', [
    rowBytes('connection', { host_id: 9, connection_id, time_ns: BigInt(NOW_MS - 20_000) * 1_000_000n, ...values }),
  ]);
  const story = await connection(opened.store, '9', String(connection_id));
  expect(story?.opened_ms).toBe(NOW_MS - 20_000 - ago_ms);
});
