// Open rows by sweep: a connection that a sweep finds alive has one, and of any other the close row tells of the opening too.
import { once } from 'node:events';
import process from 'node:process';
import { expect, test } from 'vitest';
import type { ConnectionRow } from '../../bpf/rows/rows.gen.ts';
import { collectRows } from '../support/collect.ts';
import { isOwnNetns, makePair, socketsGone } from '../support/netns.ts';

const TRAFFIC = new URL('../support/traffic.ts', import.meta.url).pathname;
/** A port of this process: other test runs have the same addresses. */
const PORT = 20_000 + (process.pid % 10_000);
const SHORT = 60;
/** Connects and stays until its input ends. */
const KEPT = `const socket = require('node:net').connect(${PORT}, process.argv[1], () => process.stdout.write('open'));
process.stdin.resume().on('end', () => socket.end()); socket.resume();`;

type Ends = { rows: ConnectionRow[]; opens: number };
const tellsOpen = ({ event, tells_open }: ConnectionRow) => event === 'open' || tells_open;
const byConnection = (rows: readonly ConnectionRow[]) => [...Map.groupBy(rows, ({ connection_id }) => connection_id).values()];

/** Short connections, and beside them one that stays over two sweeps. What each end's rows say, and how many openings its kernel counted. */
async function opened(refuse: string[] = []): Promise<{ client: Ends; server: Ends }> {
  const pair = makePair();
  const { client, server } = pair;
  try {
    const address = server.address.ipv4;
    const serving = server.start(process.execPath, TRAFFIC, 'serve', address, String(PORT));
    await once(serving.stdout ?? serving, 'data');
    const collected = await collectRows(
      async (look) => {
        look();
        const kept = client.start(process.execPath, '-e', KEPT, address);
        await once(kept.stdout ?? kept, 'data');
        look();
        await once(client.start(process.execPath, TRAFFIC, 'client', address, ...[PORT, SHORT, 100, 100].map(String)), 'exit');
        look();
        kept.stdin?.end();
        await once(kept, 'exit');
        serving.kill();
        await socketsGone(client);
        await socketsGone(server);
      },
      // Without sweeps nobody knows which namespace is whose.
      { ...(refuse.length === 0 ? { only: isOwnNetns } : {}), opens_by_sweep: true, refuse },
    );
    const of = (name: 'client' | 'server', side: typeof client, counter: string): Ends => ({
      rows: collected.rows.connection.filter(
        ({ role, peer_port, local_port }) => role === name && PORT === (role === 'client' ? peer_port : local_port),
      ),
      opens: side.nstat()[counter] ?? 0,
    });
    return { client: of('client', client, 'TcpActiveOpens'), server: of('server', server, 'TcpPassiveOpens') };
  } finally {
    pair.close();
  }
}

test('each opening is told once, as the kernel counts them, by a sweep or by the end', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
  const { client, server } = await opened();
  for (const { rows, opens } of [client, server]) {
    expect(opens).toBe(SHORT + 1);
    expect(rows.filter(tellsOpen)).toHaveLength(opens);
    for (const life of byConnection(rows)) expect(life.filter(tellsOpen)).toHaveLength(1);
    // Most connections ended before any sweep could come.
    expect(rows.filter(({ tells_open }) => tells_open).length).toBeGreaterThan(SHORT / 2);
    const kept = byConnection(rows).filter((life) => life.length === 2);
    expect(kept.length).toBeGreaterThan(0);
    for (const [open, close] of kept) {
      expect(open).toMatchObject({ event: 'open', tells_open: false, preexisting: false });
      expect(close).toMatchObject({ event: 'close', tells_open: false });
      expect(Number(open?.duration_us)).toBeLessThanOrEqual(Number(close?.duration_us));
      expect(open?.connect_us).toBe(close?.connect_us);
    }
  }
});

test('where nothing can be swept, openings are told at once', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
  const { client } = await opened(['sample', 'sample_netns']);
  expect(client.rows.filter(({ event }) => event === 'open')).toHaveLength(client.opens);
  expect(client.rows.filter(({ tells_open }) => tells_open)).toEqual([]);
});
