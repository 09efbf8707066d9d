// Connections that were on their way to be opened when the programs came.
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ConnectionRow } from '../../bpf/rows/rows.gen.ts';
import { collectRows } from '../support/collect.ts';
import { isOwnNetns, makePair, socketsGone, swallow } from '../support/netns.ts';

const TRAFFIC = new URL('../support/traffic.ts', import.meta.url).pathname;

type Said = Pick<ConnectionRow, 'peer_port' | 'event' | 'role' | 'preexisting' | 'sk_err'>;

/** Two connects that are under way when the programs come: one is answered while they watch, the other never. */
async function connecting(refuse: string[] = []): Promise<Said[]> {
  const pair = makePair();
  const { client, server } = pair;
  try {
    for (const port of [7001, 7002]) swallow(server, 'ipv4', port);
    // The connects try for long enough, however long it takes until the programs are attached.
    client.run('sysctl', '-qw', 'net.ipv4.tcp_syn_retries=10');
    const serving = server.start(process.execPath, TRAFFIC, 'serve', server.address.ipv4, '7001');
    await once(serving.stdout ?? serving, 'data');
    const sending = [7001, 7002].map((port) =>
      client.start(process.execPath, TRAFFIC, 'client', server.address.ipv4, ...[port, 1, 100, 100].map(String)),
    );
    const under_way = () => client.run('ss', '-Htn', 'state', 'syn-sent').trim().split('\n').length;
    while (under_way() < 2) await sleep(20);
    const collected = await collectRows(
      async (look) => {
        look();
        server.run('iptables', '-D', 'INPUT', '-p', 'tcp', '--dport', '7001', '-j', 'DROP');
        const [answered, unanswered] = sending.map((child) => once(child, 'exit'));
        await answered;
        // At its next timeout, the other gives up.
        client.run('sysctl', '-eqw', 'net.ipv4.tcp_syn_retries=1', 'net.ipv4.tcp_syn_linear_timeouts=0');
        await unanswered;
        serving.kill();
        await socketsGone(client);
        await socketsGone(server);
      },
      { only: isOwnNetns, refuse },
    );
    const rows = collected.rows.connection.filter((row) => row.netns === collected.netnsOf(client.name));
    const said = rows.map(({ peer_port, event, role, preexisting, sk_err }) => ({ peer_port, event, role, preexisting, sk_err }));
    return said.sort((a, b) => a.peer_port - b.peer_port);
  } finally {
    pair.close();
  }
}

test('what was connecting before the programs came opens, or fails, before their eyes', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
  expect(await connecting()).toEqual([
    { peer_port: 7001, event: 'open', role: 'client', preexisting: false, sk_err: 0 },
    { peer_port: 7001, event: 'close', role: 'client', preexisting: false, sk_err: 0 },
    { peer_port: 7002, event: 'failed', role: expect.anything(), preexisting: true, sk_err: 110 },
  ]);
});

test('one whose opening reached no program is told from one that failed, when its socket goes', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
  const said = await connecting(['inet_sock_set_state']);
  expect(said.map(({ peer_port, event }) => ({ peer_port, event }))).toEqual([
    { peer_port: 7001, event: 'close' },
    { peer_port: 7002, event: 'failed' },
  ]);
});
